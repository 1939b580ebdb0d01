"""What an operator is told at every start: which doors he has opened."""

from tests.setup.operator import production, warnings_in
from tests.until import until

OPENED = "SCRPY_EGRESS_ALLOW is set: pages and webhooks of every account may reach 10.0.0.5:8080, [fd00::1]:80."
TWO_PAIRS = "[FD00::01]:080,10.0.0.5:8080"
NO_CHROMIUM = "/nonexistent/chromium"


def test_up_names_what_the_allow_list_opens_in_production(manage):
    ran = manage("up", **production(SCRPY_SANDBOX="off", SCRPY_EGRESS_ALLOW=TWO_PAIRS))

    assert ran.stdout == f"{OPENED}\n"


def test_a_worker_names_what_is_open_when_it_starts(manage):
    ran = manage(
        "worker", **production(SCRPY_SANDBOX="off", SCRPY_EGRESS_ALLOW=TWO_PAIRS, SCRPY_CHROMIUM_PATH=NO_CHROMIUM)
    )

    assert warnings_in(ran.stderr) == [OPENED, "Chromium runs without its sandbox, because of SCRPY_SANDBOX=off."]


def test_the_sender_of_webhooks_names_what_the_allow_list_opens(operator, valkey_url):
    sender = operator.starts("webhooks", **production(SCRPY_EGRESS_ALLOW=TWO_PAIRS, REDIS_URL=valkey_url))
    try:
        until(lambda: OPENED in operator.said() or sender.poll() is not None, what="the warning")
    finally:
        sender.terminate()
        sender.wait(30)

    assert warnings_in(operator.said()) == [OPENED]


def test_without_an_allow_list_there_is_nothing_to_say(manage):
    up = manage("up", **production(SCRPY_SANDBOX="off"))
    check = manage("check", "--deploy", "--fail-level", "WARNING", **production())

    assert up.stdout == ""
    assert (check.returncode, check.stderr) == (0, "")


def test_the_demo_shop_of_development_is_nothing_to_say(manage):
    ran = manage("up", SCRPY_SANDBOX="off", SCRPY_EGRESS_ALLOW=TWO_PAIRS)

    assert ran.stdout == ""


def test_the_check_before_a_deployment_names_what_is_open(manage):
    ran = manage(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        **production(SCRPY_SANDBOX="off", SCRPY_EGRESS_ALLOW=TWO_PAIRS),
    )

    assert ran.returncode == 1
    assert f"(scrpy.W001) {OPENED}" in ran.stderr
    assert "(scrpy.W002) Chromium runs without its sandbox" in ran.stderr
