"""The self-test finds nothing while every layer is there, and finds the hole when any one is taken away."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Collection
from io import StringIO

import pytest
from django.core.management import call_command

from scraping.browser import find_chromium, launch, tab
from scraping.egress import dial, gate
from scraping.selftest import CannotCheck, Kind, Report, canaries, check, check_egress, netlog
from scraping.selftest.netlog import Sight
from scraping.selftest.site import Site
from scraping.selftest.vectors import vectors
from scrpy.management.commands import egress_check

GONE_ROUND = "<-loopback>,*"
"""A list of what goes round a proxy that sends everything round it, as if there were none."""


@pytest.fixture
def look(monkeypatch) -> Callable[..., Report]:
    """Run the self-test; with names, only those vectors."""

    def run(*names: str) -> Report:
        if names:
            chosen = [vector for vector in vectors(socket.gethostname()) if vector.name in names]
            assert len(chosen) == len(names)
            monkeypatch.setattr(check, "vectors", lambda _: chosen)
        return asyncio.run(check_egress(find_chromium()))

    return run


@pytest.fixture
def take_away(monkeypatch) -> Callable[[str], None]:
    """Launch without the argument that begins so."""

    def take(beginning: str) -> None:
        rest = tuple(argument for argument in launch.ARGUMENTS if not argument.startswith(beginning))
        assert rest != launch.ARGUMENTS
        monkeypatch.setattr(launch, "ARGUMENTS", rest)

    return take


def touched(report: Report) -> dict[str, Counter[Kind]]:
    return {row.vector.name: row.touches for row in report.rows if row.touches}


def kinds(report: Report) -> Collection[Kind]:
    return report.touches.keys()


def test_no_vector_touches_anything_inside(look):
    report = look()

    assert touched(report) == {}
    assert report.strays == []
    assert [row.vector.name for row in report.rows if row.idle] == []
    assert report.passed
    assert report.ran >= 45


# ---------------------------------------------------------------------- each layer, taken away


@pytest.mark.slow
def test_without_a_lanes_proxy_its_tab_reaches_inside(look, monkeypatch):
    monkeypatch.setattr(tab, "PROXY_EVERYTHING", GONE_ROUND)

    report = look("address not checked before", "Network.loadNetworkResource")

    assert touched(report).keys() == {"address not checked before", "Network.loadNetworkResource"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iframe", "fetch", "WebSocket ws", "worker: fetch", "WebRTC: TURN over TCP"])
def test_without_the_browsers_proxy_what_belongs_to_no_lane_reaches_inside(look, monkeypatch, name):
    monkeypatch.setattr(launch, "PROXY_EVERYTHING", GONE_ROUND)

    report = look(f"no lane: {name}")

    assert kinds(report) == {"tcp"}


@pytest.mark.slow
def test_without_its_policy_webrtc_sends_datagrams_inside(look, take_away):
    take_away("--force-webrtc-ip-handling-policy")

    report = look("WebRTC: STUN", "WebRTC: TURN over UDP", "WebRTC: a peer's candidate", "no lane: WebRTC: STUN")

    assert len(touched(report)) == 4
    assert kinds(report) == {"udp"}


@pytest.mark.slow
def test_without_a_judge_lanes_proxies_reach_inside(look, monkeypatch):
    for module in (gate, dial):
        monkeypatch.setattr(module, "is_public", lambda _: True)
    monkeypatch.setattr(dial, "_is_here", lambda _: False)

    report = look("redirect 302", "location", "fetch", "WebSocket wss", "spelling 2130706433", "spelling [::]")

    assert len(touched(report)) == 6
    assert kinds(report) == {"tcp"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["several", "changing"])
def test_without_a_judge_names_with_two_faces_lead_inside(look, monkeypatch, name):
    names = {"several": "name with an inside address among several", "changing": "name that changes its answer"}
    monkeypatch.setattr(dial, "_is_forbidden", lambda *_: False)
    monkeypatch.setattr(dial, "REMEMBERED_S", 0)

    report = look(names[name])

    assert touched(report)


@pytest.mark.slow
def test_without_the_resolvers_rules_names_of_a_peer_are_asked_for_by_multicast(look, take_away):
    take_away("--host-resolver-rules")

    report = look("WebRTC: a peer's name")

    assert kinds(report) == {"udp"}


@pytest.mark.slow
def test_without_the_resolvers_rules_a_tab_that_got_round_its_proxy_resolves_names(look, monkeypatch, take_away):
    own_name = f"spelling {socket.gethostname()}"
    monkeypatch.setattr(tab, "PROXY_EVERYTHING", GONE_ROUND)
    with_rules = look(own_name)
    take_away("--host-resolver-rules")

    without_rules = look(own_name)

    assert "dns" not in kinds(with_rules)
    assert "dns" in kinds(without_rules)


@pytest.mark.slow
def test_a_browser_that_nothing_guards_is_caught_by_nearly_every_vector(look, monkeypatch):
    """What is left needs another Chromium than the headless shell, or is refused by every one."""
    monkeypatch.setattr(tab, "PROXY_EVERYTHING", GONE_ROUND)
    monkeypatch.setattr(launch, "PROXY_EVERYTHING", GONE_ROUND)
    monkeypatch.setattr(launch, "ARGUMENTS", ("--host-resolver-rules=MAP * 127.0.0.1",))

    report = look()

    assert kinds(report) >= {"tcp", "udp"}
    assert len(touched(report)) >= 110


# ---------------------------------------------------------------------- what is not known is no pass


@pytest.mark.slow
def test_a_vector_whose_page_did_not_load_is_a_failure(look, monkeypatch):
    monkeypatch.setattr(Site, "_page", lambda *_: b"")

    report = look("fetch", "redirect 302")

    assert not report.touches
    assert [row.idle for row in report.rows] == [True, True]
    assert not report.passed


def test_a_canary_that_sleeps_is_noticed(monkeypatch):
    monkeypatch.setattr(canaries, "PATIENCE_S", 0.1)

    async def prove() -> None:
        canary = canaries.place(["127.0.0.1"])
        try:
            await canary.prove(["127.0.0.1"])
        finally:
            canary.close()

    with pytest.raises(CannotCheck, match="did not notice"):
        asyncio.run(prove())


def test_a_canary_counts_connections_and_datagrams():
    async def touch() -> tuple[Counter[Kind], Counter[Kind]]:
        canary = canaries.place(canaries.everywhere())
        canary.listen()
        await canary.prove(canaries.inside_addresses())
        forgotten = canary.touches.copy()
        reader, writer = await asyncio.open_connection("127.0.0.1", canary.port)
        await reader.read()
        writer.close()
        await writer.wait_closed()
        canary.close()
        return forgotten, canary.touches

    assert asyncio.run(touch()) == ({}, {"tcp": 1})


@pytest.mark.parametrize("text", ["", '{"constants": {"logEventTypes": {}}, "events": [', '{"constants": {}}'])
def test_a_log_that_is_not_whole_is_no_witness(tmp_path, text):
    (tmp_path / "1.netlog").write_text(text)

    with pytest.raises(CannotCheck, match="not whole"):
        netlog.read(tmp_path)


def test_a_log_whose_words_have_changed_is_no_witness(tmp_path):
    (tmp_path / "1.netlog").write_text('{"constants": {"logEventTypes": {"SOMETHING": 1}}, "events": []}')

    with pytest.raises(CannotCheck, match="knows no"):
        netlog.read(tmp_path)


def test_no_log_is_no_witness(tmp_path):
    with pytest.raises(CannotCheck, match="kept no log"):
        netlog.read(tmp_path)


def test_a_check_that_tried_nothing_has_not_passed():
    assert not Report([], []).passed


def test_what_chromium_did_by_itself_is_a_touch():
    report = Report([], [Sight("udp", "224.0.0.251:5353")])

    assert report.touches == {"udp": 1}
    assert not report.passed


# ---------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (Report([], [Sight("tcp", "198.51.100.7:443")]), "can reach inside"),
        (Report([], []), "were not tried"),
    ],
)
def test_the_command_fails_unless_all_is_known_to_be_well(monkeypatch, report: Report, says: str):
    async def found(*_: object, **__: object) -> Report:
        return report

    monkeypatch.setattr(egress_check, "check_egress", found)
    shown = StringIO()

    with pytest.raises(SystemExit, match=says):
        call_command("egress_check", stdout=shown)

    assert "0 of 0 vectors tried" in shown.getvalue()


def test_the_command_fails_if_the_check_cannot_run(monkeypatch):
    async def cannot(*_: object, **__: object) -> Report:
        raise CannotCheck("No port is free.")

    monkeypatch.setattr(egress_check, "check_egress", cannot)

    with pytest.raises(SystemExit, match=r"could not run, so nothing is known: No port is free\."):
        call_command("egress_check")
