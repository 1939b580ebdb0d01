"""What the README and the container files say is so: each variable, command, route and file they name."""

import ast
import json
import re
import shlex

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from scrpy.supervisor.family import uvicorn

ROOT = settings.BASE_DIR
README = (ROOT / "README.md").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("setup", "web", "worker", "webhooks", "clock")


def variables_read() -> set[str]:
    """By settings.py: the first argument, all capitals, of any call there but a look into a dict."""
    tree = ast.walk(ast.parse((ROOT / "scrpy/settings.py").read_text()))
    calls = [node for node in tree if isinstance(node, ast.Call) and getattr(node.func, "attr", "") != "get"]
    firsts = [call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)]
    return {first for first in firsts if isinstance(first, str) and re.fullmatch(r"[A-Z][A-Z_]{4,}", first)}


def test_the_readmes_table_has_every_variable_and_no_other():
    table = README.partition("## Configuration")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == sorted(variables_read())


def test_every_manage_command_in_the_readme_exists():
    named = set(re.findall(r"manage\.py (\w+)", README))

    assert named <= set(get_commands())
    assert {"up", "setup", "create_account", "create_key"} <= named


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"`make ([\w-]+)`", README)) <= targets


def test_every_file_in_the_readme_exists():
    linked = re.findall(r"\]\(([\w./-]+)\)", README)
    named = re.findall(r"`((?:deploy|docs|scraping|jobs|scrpy)/[\w./-]*)`", README)

    assert linked
    assert [path for path in linked + named if not (ROOT / path).exists()] == []


def test_compose_has_the_services_and_publishes_only_the_web_on_loopback():
    assert set(SERVICES) == {*OURS, "postgres", "redis"}
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }


@pytest.mark.parametrize("name", [name for name in OURS if name != "web"])
def test_the_command_of_each_service_is_one_of_ours(name):
    assert SERVICES[name]["command"] == ["python", "manage.py", name]
    assert name in get_commands()


@pytest.mark.parametrize("name", OURS)
def test_each_of_our_services_gives_its_processes_time_to_stop_and_no_rights(name):
    service = SERVICES[name]

    assert (service["init"], service["stop_grace_period"], service["cap_drop"]) == (True, "40s", ["ALL"])
    assert service["volumes"] == ["home:/var/lib/scrpy"]


@pytest.mark.parametrize("name", OURS)
def test_compose_sets_only_variables_that_settings_read(name):
    assert set(SERVICES[name]["environment"]) <= variables_read()


def test_compose_stops_without_its_secrets():
    text = (ROOT / "docker-compose.yml").read_text()

    for name in ("SCRPY_SECRET_KEY", "SCRPY_PUBLIC_URL", "POSTGRES_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}\b[^}}]*\}}", text)
        assert uses
        assert all(use.startswith(f"${{{name}:?") for use in uses)


def test_services_that_others_wait_for_have_health_checks():
    awaited = {
        other
        for service in SERVICES.values()
        for other, condition in service.get("depends_on", {}).items()
        if condition["condition"] == "service_healthy"
    }

    assert awaited == {"postgres", "redis"}
    assert all("healthcheck" in SERVICES[name] for name in (*awaited, "web"))


def test_the_webs_health_check_calls_a_route_that_exists():
    address = re.search(r"http://127\.0\.0\.1:8000(/\w+)", " ".join(SERVICES["web"]["healthcheck"]["test"]))

    assert resolve(address[1])


def test_workers_run_under_a_profile_that_lets_chromium_make_its_sandbox():
    path = SERVICES["worker"]["security_opt"][-1].removeprefix("seccomp=")
    profile = json.loads((ROOT / path).read_text())
    allowed = {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}

    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {"clone", "clone3", "unshare", "setns", "chroot"} <= allowed
    assert allowed.isdisjoint(
        {"mount", "ptrace", "bpf", "init_module", "kexec_load", "reboot", "io_uring_setup", "keyctl"}
    )
    assert SERVICES["worker"]["shm_size"] == "1gb"


def test_compose_gives_the_sandbox_up_only_when_it_is_told_to():
    assert SERVICES["worker"]["environment"]["SCRPY_SANDBOX"] == "${SCRPY_SANDBOX:-auto}"
    assert [name for name in OURS if {"user", "privileged", "cap_add"} & set(SERVICES[name])] == []
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["scrpy"]


def test_the_image_serves_as_up_does_and_as_an_ordinary_user():
    command = json.loads(DOCKERFILE.rpartition("CMD ")[2])
    timeout = command.index("--timeout-graceful-shutdown") + 1

    assert command[1:timeout] == list(uvicorn("scrpy.asgi:application", "0.0.0.0", 8000)[1:-1])
    assert re.search(r"^USER scrpy$", DOCKERFILE, re.MULTILINE)


def test_the_image_gets_only_variables_that_settings_read():
    names = {pair.partition("=")[0] for pair in shlex.split(re.search(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)[1])}

    assert names - {"PYTHONUNBUFFERED"} <= variables_read()


def test_what_the_image_runs_is_let_into_it():
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")}

    assert {"manage.py", "requirements.txt", "jobs", "scraping", "scrpy", "templates"} == allowed
