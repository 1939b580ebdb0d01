"""What the bench visits, in processes of its own, over http and TLS.

A page of eleven requests, one that takes a second, one of 5,000 rows, and those of the demo shop.
"""

import asyncio
import base64
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from scrpy.demo import shop
from tests.ports import free_port
from tests.until import until

CERTIFICATE = Path(__file__).parents[1] / "site" / "selfsigned.pem"
HOST = "127.0.0.1"

SCRIPTS, FETCHES, SHEET = range(1, 6), range(6, 10), 10
"""The parts of a page, each a request of its own; each adds its number to what the page shows."""
SUM = str(sum((*SCRIPTS, *FETCHES, SHEET)))

PAGE = f"""<!doctype html><title>Page</title><h1>Page %d</h1><script>
let sum = 0, parts = 0;
const arrived = (number) => {{
  sum += number;
  if (++parts < {SHEET}) return;
  document.body.append(Object.assign(document.createElement("output"), {{ textContent: sum }}));
}};
</script><link rel=stylesheet href=/parts/{SHEET}.css onload="arrived({SHEET})">
{"".join(f"<script src=/parts/{part}.js></script>" for part in SCRIPTS)}<script>
for (const part of {list(FETCHES)})
  fetch(`/parts/${{part}}.json`).then((answer) => answer.json()).then((part) => arrived(part.number));
</script>"""


HEAVY_ROWS = 5_000
SLOW_S = 1.0


def heavy(number: int) -> bytes:
    rows = "".join(
        f"<tr><td class=name>Row {row} of {number}</td><td>{row * 7 % 100}</td><td><a href=/{row}>…</a></td></tr>"
        for row in range(HEAVY_ROWS)
    )
    return f"<!doctype html><title>Heavy</title><h1>Heavy {number}</h1><table>{rows}</table>".encode()


def padded(text: str, kib: int) -> bytes:
    """As long as such files are."""
    return text.encode().ljust(kib * 1024)


FILES: Mapping[str, tuple[str, bytes]] = {
    f"/parts/{SHEET}.css": ("text/css", padded("h1 { color: red }", 16)),
    **{f"/parts/{part}.js": ("text/javascript", padded(f"arrived({part})", 16)) for part in SCRIPTS},
    **{f"/parts/{part}.json": ("application/json", padded(json.dumps({"number": part}), 4)) for part in FETCHES},
}


async def app(scope: Mapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """ASGI: `/static/<number>` and its parts, `/slow/…`, `/heavy/…`, none of which may be cached, and the shop."""
    path: str = scope["path"]
    if path.startswith("/static/"):
        kind, body = "text/html", padded(PAGE % int(path.removeprefix("/static/")), 16)
    elif path.startswith("/slow/"):
        await asyncio.sleep(SLOW_S)
        kind, body = "text/html", padded(f"<!doctype html><h1>Slow {path.removeprefix('/slow/')}</h1>", 16)
    elif path.startswith("/heavy/"):
        kind, body = "text/html", heavy(int(path.removeprefix("/heavy/")))
    elif path in FILES:
        kind, body = FILES[path]
    else:
        await shop.app(scope, receive, send)
        return
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def running_site(*, tls: bool) -> Iterator[str]:
    """The site's origin."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.site:app", "--host", HOST, "--port", str(port)]
    command += ["--log-level", "warning", "--no-access-log", "--lifespan", "off", "--timeout-keep-alive", "600"]
    if tls:
        command += ["--ssl-certfile", str(CERTIFICATE), "--ssl-keyfile", str(CERTIFICATE)]
    site = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        until(lambda: site.poll() is not None or listens(port), what="the site's port")
        assert site.poll() is None
        yield f"{'https' if tls else 'http'}://{HOST}:{port}"
    finally:
        site.terminate()
        site.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def key_hash() -> str:
    """Of the site's public key, as Chromium's `--ignore-certificate-errors-spki-list` wants it."""
    key = load_pem_x509_certificate(CERTIFICATE.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
