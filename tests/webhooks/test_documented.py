"""What docs/webhooks.md tells receivers to do, done with real deliveries."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jobs.webhooks.sending import deliver

TEXT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
BLOCKS = dict(re.findall(r"### ([^\n]+)\n\n```(?:python|js)\n(.*?)```", TEXT, re.DOTALL))

pytestmark = pytest.mark.django_db


@pytest.fixture
def received(make_delivery, endpoint):
    """A delivery as an endpoint got it, and the secret of its account."""
    delivery = make_delivery(to=endpoint.url)
    deliver([delivery.pk])
    (told,) = endpoint.received
    return told, delivery.event.account


def forged(body):
    return body.replace(b"job.completed", b"job.failed")


@pytest.mark.parametrize("change", [bytes, forged])
def test_the_python_for_our_scheme_tells_what_is_genuine(received, change):
    told, account = received
    known = {"secret": account.webhook_secret, "raw_body": change(told.body), "headers": told.headers}

    exec(BLOCKS["Python, X-Scrpy-Signature"], known)

    assert known["genuine"] is (change is bytes)


def test_the_python_for_standard_webhooks_takes_what_is_genuine_and_nothing_else(received):
    from standardwebhooks.webhooks import WebhookVerificationError

    told, account = received
    headers = {name.lower(): value for name, value in told.headers.items()}
    known = {"secret": account.webhook_secret, "raw_body": told.body, "headers": headers}

    exec(BLOCKS["Python, Standard Webhooks"], known)
    assert known["event"]["event"] == "job.completed"
    with pytest.raises(WebhookVerificationError):
        exec(BLOCKS["Python, Standard Webhooks"], known | {"raw_body": forged(told.body)})


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node on this machine")
@pytest.mark.parametrize("change", [bytes, forged])
def test_the_node_for_our_scheme_tells_what_is_genuine(received, change, tmp_path):
    told, account = received
    known = {
        "secret": account.webhook_secret,
        "body": change(told.body).decode(),
        "headers": {name.lower(): value for name, value in told.headers.items()},
    }
    given = f"const {{ secret, body, headers }} = {json.dumps(known)}; const rawBody = Buffer.from(body);\n"
    script = tmp_path / "receiver.mjs"
    script.write_text(f"{given}{BLOCKS['Node, X-Scrpy-Signature']}\nconsole.log(genuine);")

    ran = subprocess.run(["node", script], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.stdout.strip(), ran.stderr) == ("true" if change is bytes else "false", "")


@pytest.mark.parametrize("signed_by", ["webhook_secret", "previous_webhook_secret"])
def test_for_a_day_after_a_roll_receivers_with_either_secret_take_a_delivery(make_delivery, endpoint, signed_by):
    delivery = make_delivery(to=endpoint.url)
    delivery.event.account.roll_webhook_secret()
    account = delivery.event.account
    deliver([delivery.pk])
    (told,) = endpoint.received
    headers = {name.lower(): value for name, value in told.headers.items()}
    ours = {"webhook_secret": "X-Scrpy-Signature", "previous_webhook_secret": "X-Scrpy-Signature-Previous"}[signed_by]
    known = {"secret": getattr(account, signed_by), "raw_body": told.body}

    standard = known | {"headers": headers}
    exec(BLOCKS["Python, Standard Webhooks"], standard)
    scheme = known | {"headers": {"X-Scrpy-Signature": told.headers[ours]}}
    exec(BLOCKS["Python, X-Scrpy-Signature"], scheme)

    assert standard["event"]["event"] == "job.completed"
    assert scheme["genuine"]


@pytest.fixture(scope="module")
def node_project(tmp_path_factory):
    """A folder in which Node finds the package `standardwebhooks` as its registry has it."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on this machine")
    folder = tmp_path_factory.mktemp("node")
    install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "standardwebhooks@1.1.1"]
    ran = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    if ran.returncode:
        pytest.skip(f"npm cannot install standardwebhooks: {ran.stderr[-200:]}")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("change", [bytes, forged])
def test_the_node_for_standard_webhooks_takes_what_is_genuine_and_nothing_else(received, change, node_project):
    told, account = received
    known = {
        "secret": account.webhook_secret,
        "rawBody": change(told.body).decode(),
        "headers": {name.lower(): value for name, value in told.headers.items()},
    }
    script = node_project / "receiver.mjs"
    given = f"const {{ secret, rawBody, headers }} = {json.dumps(known)};"
    script.write_text(f"{given}\n{BLOCKS['Node, Standard Webhooks']}\nconsole.log(event.event);")

    ran = subprocess.run(["node", script], capture_output=True, text=True, timeout=60, check=False)

    assert ran.stdout.strip() == ("job.completed" if change is bytes else "")
    assert ("WebhookVerificationError" in ran.stderr) == (change is forged)
