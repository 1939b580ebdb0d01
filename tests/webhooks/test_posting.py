"""Where a request may go, and what is said when it could not."""

import socket
import ssl
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from jobs.webhooks import posting
from jobs.webhooks.posting import post
from scraping.egress import Policy, dial
from scraping.egress.dial import Dialler

SELF_SIGNED = Path(__file__).parent.parent / "site" / "selfsigned.pem"


@pytest.fixture
def names(monkeypatch):
    """What the resolver knows: a dictionary to fill; a name that is not in it has no address."""
    known = {}
    monkeypatch.setattr(posting, "dialler", lambda policy: Dialler(policy, lookup=partial(look_up, known), threads=1))
    return known


def look_up(known, host):
    if host not in known:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return known[host]


@pytest.fixture
def dialled(monkeypatch):
    """The addresses that are dialled; all of them lead to nobody."""
    addresses = []

    def refuse(address, timeout):
        addresses.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(dial.socket, "create_connection", refuse)
    return addresses


def sent_to(url):
    with closing(posting.new_line()) as line:
        return post(url, body=b"{}", headers={}, line=line)


def test_an_inside_address_is_not_dialled(endpoint, settings):
    settings.EGRESS_POLICY = Policy()

    answer = sent_to(endpoint.url)

    assert answer.status_code is None
    assert answer.excerpt.startswith("blocked_address: 127.0.0.1 is not ")
    assert endpoint.received == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_name_with_an_inside_address_among_its_addresses_is_not_dialled(names, dialled, addresses):
    names["hooks.example.com"] = addresses

    answer = sent_to("https://hooks.example.com/")

    assert dialled == []
    assert answer.excerpt == (
        "blocked_address: hooks.example.com leads to an address that is not on the public internet."
    )


def test_the_judged_addresses_are_dialled_in_turn(names, dialled):
    names["hooks.example.com"] = ["93.184.216.34", "2606:2800:220:1::1"]

    answer = sent_to("https://hooks.example.com:8443/")

    assert dialled == [("93.184.216.34", 8443), ("2606:2800:220:1::1", 8443)]
    assert answer.excerpt == "The endpoint takes no connections."


def test_the_host_is_named_as_it_was_asked_for(names, endpoint, settings):
    port = endpoint.server.server_port
    names["hooks.example.com"] = ["127.0.0.1"]
    settings.EGRESS_POLICY = Policy(allow=frozenset({f"hooks.example.com:{port}"}))

    answer = sent_to(f"http://hooks.EXAMPLE.com:{port}/a b?c=ü#d")

    (received,) = endpoint.received
    assert answer.status_code == 200
    assert received.headers["Host"] == f"hooks.example.com:{port}"
    assert received.path == "/a%20b?c=%C3%BC"


def test_proxies_in_the_environment_are_not_used(endpoint, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert sent_to(endpoint.url).status_code == 200


def test_an_endpoint_without_tls_is_not_talked_to_in_plain_text(endpoint):
    answer = sent_to(endpoint.url.replace("http:", "https:"))

    assert answer.excerpt.startswith("TLS failed: ")
    assert endpoint.received == []


def test_tls_asks_for_the_name_not_for_the_address(names, settings):
    asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        names["hooks.example.com"] = ["127.0.0.1"]
        settings.EGRESS_POLICY = Policy(allow=frozenset({f"hooks.example.com:{port}"}))
        shaking_hands = Thread(target=shake_hands, args=[server, context])
        shaking_hands.start()

        answer = sent_to(f"https://hooks.example.com:{port}/")
        shaking_hands.join()

    assert asked == ["hooks.example.com"]
    assert answer.excerpt.startswith("TLS failed: ")


def shake_hands(server, context):
    with server.accept()[0] as connection, suppress(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


def test_a_name_that_does_not_exist_is_said_to(names):
    answer = sent_to("https://hooks.example.com/")

    assert names == {}
    assert answer.excerpt == "The host's name leads nowhere: DNS knows no address for it."


def test_a_name_that_nobody_answers_for_is_left_at_the_deadline(monkeypatch):
    answered = Event()
    silent = Dialler(Policy(), lookup=lambda _host: answered.wait() and [], threads=1)
    monkeypatch.setattr(posting, "dialler", lambda _policy: silent)
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.2)

    answer = sent_to("https://hooks.example.com/")
    answered.set()

    assert (answer.status_code, answer.excerpt) == (None, "No answer within 0.2 s.")


def test_a_name_is_asked_for_once_so_that_it_cannot_change_its_answer(endpoint, settings, monkeypatch):
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    port = endpoint.server.server_port
    settings.EGRESS_POLICY = Policy(allow=frozenset({f"hooks.example.com:{port}"}))
    fickle = Dialler(settings.EGRESS_POLICY, lookup=lambda _host: answers.pop(0), threads=1)
    monkeypatch.setattr(posting, "dialler", lambda _policy: fickle)

    answer = sent_to(f"http://hooks.example.com:{port}/")

    assert (answer.status_code, len(answers)) == (200, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "hooks.example.com"])
def test_our_own_services_are_not_asked_whatever_is_allowed(names, endpoint, settings, host):
    port = endpoint.server.server_port
    names["hooks.example.com"] = ["127.0.0.1"]
    settings.EGRESS_POLICY = Policy(allow=frozenset({f"{host}:{port}"}), own=frozenset({f"0.0.0.0:{port}"}))

    answer = sent_to(f"http://{host}:{port}/")

    assert answer.status_code is None
    assert answer.excerpt.startswith(f"blocked_address: {host} ")
    assert endpoint.received == []


@pytest.mark.parametrize("url", ["https://[::1]/", "http://localhost/", "https://169.254.169.254/latest", "nonsense"])
def test_what_the_gate_refuses_is_not_sent(dialled, url):
    answer = sent_to(url)

    assert (answer.status_code, dialled) == (None, [])
    assert answer.excerpt.startswith(("blocked_address: ", "invalid_url: "))


def test_a_certificate_that_nobody_vouches_for_is_refused(names, settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SELF_SIGNED)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        names["hooks.example.com"] = ["127.0.0.1"]
        settings.EGRESS_POLICY = Policy(allow=frozenset({f"hooks.example.com:{port}"}))
        shaking_hands = Thread(target=shake_hands, args=[server, context])
        shaking_hands.start()

        answer = sent_to(f"https://hooks.example.com:{port}/")
        shaking_hands.join()

    assert answer.excerpt == "TLS failed: CERTIFICATE_VERIFY_FAILED."
