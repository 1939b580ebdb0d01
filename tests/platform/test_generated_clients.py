"""Clients that are made of the OpenAPI document by other people's generators compile, and do the main job."""

import json
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from jobs.api.body_limit import KINDS
from tests.platform.test_scraping import shown

pytestmark = pytest.mark.slow

MAINS = Path(__file__).parent / "clients"
WITHIN_S = 300
NPM = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.25")
PYTHON = "openapi-python-client==0.29.1"
CONFIG = f"""
post_hooks: []
content_type_overrides: {json.dumps(dict.fromkeys(KINDS, "application/octet-stream"))}
"""
STRICT = ("--strict", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022", "--types", "node")


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=WITHIN_S, check=False)


def done(*command, cwd):
    ran = run(*command, cwd=cwd)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def document(alice, tmp_path):
    """The document as the platform serves it, in a file."""
    (tmp_path / "openapi.json").write_text(json.dumps(alice.ask("GET", "/v1/openapi.json").body))
    return tmp_path / "openapi.json"


@pytest.fixture
def typescript(document):
    """A folder with a client in TypeScript, and its program, compiled."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on this machine")
    folder = document.parent
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    installed = run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *NPM, cwd=folder)
    if installed.returncode:
        pytest.skip(f"npm cannot install what makes clients: {installed.stderr[-200:]}")
    made = ("openapi-typescript", "openapi.json", "--default-non-nullable=false", "-o", "scrpy.d.ts")
    done("npx", "--no-install", *made, cwd=folder)
    shutil.copy(MAINS / "main.ts", folder)
    done("npx", "--no-install", "tsc", *STRICT, "main.ts", cwd=folder)
    return folder


@pytest.fixture
def python(document):
    """The interpreter of an environment that has a client in Python."""
    home = document.parent / "venv"
    venv.create(home, with_pip=True)
    installed = run(home / "bin/pip", "install", "--quiet", PYTHON, cwd=document.parent)
    if installed.returncode:
        pytest.skip(f"pip cannot install what makes clients: {installed.stderr[-200:]}")
    (document.parent / "config.yaml").write_text(CONFIG)
    generate = ("generate", "--path", document, "--meta", "none", "--output-path", "scrpy_client", "--fail-on-warning")
    done(home / "bin/openapi-python-client", *generate, "--config", "config.yaml", cwd=document.parent)
    return home / "bin/python"


def expected(numbers):
    """What both programs print of these products of the demo shop, and of a URL that is refused."""
    products = [shown(number) for number in numbers]
    amounts = [each["price"].removeprefix("$").replace(",", "") for each in products]
    found = [
        {"title": each["title"], "price": {"amount": amount, "currency": "USD"}, "tags": each["tags"]}
        for each, amount in zip(products, amounts, strict=True)
    ]
    return [found, "invalid_request blocked_address"]


def told(output):
    found, refused = output.splitlines()
    return [json.loads(found), refused]


def test_a_client_in_typescript_compiles_strictly_and_does_the_main_job(typescript, platform, alice):
    urls = [platform.shop_url(f"/products/{number}") for number in (1, 2, 3)]

    output = done("node", "main.js", f"http://127.0.0.1:{platform.port}", alice.key, *urls, cwd=typescript)

    assert told(output) == expected((1, 2, 3))


def test_a_client_in_python_does_the_main_job(python, platform, alice):
    urls = [platform.shop_url(f"/products/{number}") for number in (1, 2, 3)]
    program = MAINS / "main.py"
    folder = python.parents[2]
    shutil.copy(program, folder)

    output = done(python, "main.py", f"http://127.0.0.1:{platform.port}", alice.key, *urls, cwd=folder)

    assert told(output) == expected((1, 2, 3))
