"""The environment of each peer, made once under `.peers/`: what one needs must not change what another has."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = Path(".peers")
PEERS = ("crawl4ai", "crawlee", "scrapy")


def commands() -> Mapping[str, Sequence[str]]:
    """How each is started, installed as its file of requirements says."""
    return {peer: (str(python_of(peer)), "-m", f"tests.bench.peers.with_{peer}") for peer in PEERS}


def python_of(peer: str) -> Path:
    requirements, environment = HERE / f"{peer}.txt", ENVIRONMENTS / peer
    python, installed = environment / "bin" / "python", environment / requirements.name
    if not installed.exists() or installed.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
        installed.write_text(requirements.read_text())
    return python
