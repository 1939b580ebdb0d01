"""The caller's proxy: which may be named, how a tunnel is made, and pages in real Chromium through real proxies."""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections import namedtuple
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scraping import rules
from scraping.browser import BrowserPool, find_chromium, launch, processes
from scraping.egress import Policy, UrlError, gate
from scraping.egress import proxy as lane_proxy
from scraping.egress.upstream import MAX_HEAD_BYTES, Upstream, authorization, check_proxy, establish
from scraping.egress.wire import Wire
from scraping.errors import BlockedAddress, ConnectionFailed, ProxyAuthFailed, ProxyFailed
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.ports import free_port
from tests.site.server import CERTIFICATE
from tests.upstream_proxies import Asked, UpstreamProxy, make_certificate

USERNAME, PASSWORD = "alice-in-de", "pässword"
SCHEMES = ("http", "https", "socks5")


def upstream_of(scheme, *, username=USERNAME, password=PASSWORD):
    return Upstream(scheme, "proxy.example.com", 1080, username, password)


def open_upstream(scheme):
    return upstream_of(scheme, username=None, password=None)


# ---------------------------------------------------------------- which may be named


@pytest.mark.parametrize(
    ("server", "read"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://proxy.example.com", "http://proxy.example.com:80"),
        ("https://proxy.example.com", "https://proxy.example.com:443"),
        ("https://proxy.example.com:80", "https://proxy.example.com:80"),
        ("socks5://proxy.example.com", "socks5://proxy.example.com:1080"),
        ("socks5://proxy.example.com:80", "socks5://proxy.example.com:80"),
        ("socks5://proxy.example.com:443", "socks5://proxy.example.com:443"),
        ("SOCKS5://Proxy.EXAMPLE.com:8888/", "socks5://proxy.example.com:8888"),
        ("socks5://b\u00fccher.example.com", "socks5://xn--bcher-kva.example.com:1080"),
        ("socks5://[2606:4700:0::1]", "socks5://[2606:4700::1]:1080"),
        ("http://134744072", "http://8.8.8.8:80"),
    ],
)
def test_a_proxy_is_read_as_browsers_read_addresses(server, read):
    found = check_proxy(server)

    assert found.server == read
    assert check_proxy(found.server) == found


@pytest.mark.parametrize(
    "server",
    [
        "",
        "proxy.example.com",
        "proxy.example.com:3128",
        "//proxy.example.com",
        "http:proxy.example.com",
        "http://",
        "http:///",
        "http://:3128",
        "ftp://proxy.example.com",
        "socks4://proxy.example.com",
        "socks5h://proxy.example.com",
        " http://proxy.example.com",
        "http://proxy.example.com ",
        "http://proxy .example.com",
        "http://proxy.example.com/path",
        "http://proxy.example.com//",
        "http://proxy.example.com?query",
        "http://proxy.example.com/#",
        "http://user@proxy.example.com",
        "http://user:secret@proxy.example.com",
        "http://@proxy.example.com",
        "http://8.8.8.8\\@proxy.example.com",
        "http://proxy.example.com\\",
        "http://proxy.example.com\r\nHost: a",
        "http://proxy.exam\tple.com",
        "http://proxy.example.com:99999",
        "http://proxy.example.com:x",
        "http://proxy.example.com:25",
        "http://proxy.example.com:9999",
        "http://" + "a." * 1_100 + "com",
    ],
)
def test_what_is_no_address_of_a_proxy_is_refused(server):
    with pytest.raises(UrlError) as refusal:
        check_proxy(server)

    assert refusal.value.code == "invalid_url"
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "%31%32%37.1", "[::1]", "10.0.0.1", "169.254.169.254", "localhost", "db"]
)
def test_a_proxy_that_is_inside_is_blocked_in_every_spelling(scheme, host):
    with pytest.raises(UrlError) as refusal:
        check_proxy(f"{scheme}://{host}:8080")

    assert refusal.value.code == "blocked_address"


def test_a_proxy_that_the_operator_allows_may_be_inside_and_at_any_port():
    policy = Policy(allow=frozenset({"127.0.0.1:9050"}))

    assert check_proxy("socks5://127.0.0.1:9050", policy).host_key == "127.0.0.1:9050"
    with pytest.raises(UrlError):
        check_proxy("socks5://127.0.0.1:9051", policy)


def test_our_own_services_are_no_proxies_even_if_allowed():
    pair = frozenset({"127.0.0.1:1080"})

    with pytest.raises(UrlError) as refusal:
        check_proxy("socks5://127.0.0.1", Policy(allow=pair, own=pair))

    assert refusal.value.code == "blocked_address"


def test_credentials_are_not_in_what_is_logged_of_a_proxy():
    assert repr(upstream_of("http")) == str(upstream_of("http"))
    assert repr(upstream_of("http")) == "Upstream(scheme='http', host='proxy.example.com', port=1080)"


# ---------------------------------------------------------------- how a tunnel is made

Talk = namedtuple("Talk", ["heard", "error", "first"])
"""What the proxy was told, what `establish` raised, and what then came through the tunnel."""

THROUGH = b"hello"


@pytest.fixture
def talk(loop):
    """Let `establish` talk to a proxy that reads and says what is given in turn, and then closes."""

    def run(upstream, *turns, host="shop.example.com", port=443, byte_by_byte=False):
        return loop.run(converse(upstream, turns, host, port, byte_by_byte=byte_by_byte))

    return run


async def converse(upstream, turns, host, port, *, byte_by_byte):
    heard = []

    async def proxy(reader, writer):
        for size, answer in turns:
            heard.append(await (reader.readuntil(b"\r\n\r\n") if size is None else reader.readexactly(size)))
            for piece in [bytes((byte,)) for byte in answer] if byte_by_byte else [answer]:
                writer.write(piece)
                await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    where = server.sockets[0].getsockname()
    _, wire = await asyncio.get_running_loop().create_connection(
        lambda: Wire(lambda _: None, lambda _: None), *where[:2]
    )
    error, first = None, None
    try:
        await establish(wire, upstream, host, port)
        first = await wire.read_exactly(len(THROUGH))
    except (ProxyFailed, ProxyAuthFailed, ConnectionFailed) as raised:
        error = raised
    finally:
        wire.abort()
        server.close()
        await server.wait_closed()
    return Talk(b"".join(heard), error, first)


def assert_hides_credentials(error):
    told = f"{error!r} {error}"
    assert not any(secret in told for secret in (USERNAME, PASSWORD, b64encode(USERNAME.encode()).decode()[:8]))


@pytest.mark.parametrize(
    ("host", "port", "authority"),
    [
        ("shop.example.com", 443, "shop.example.com:443"),
        ("8.8.8.8", 80, "8.8.8.8:80"),
        ("[2606:4700::1]", 8443, "[2606:4700::1]:8443"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_http_proxy_is_asked_to_connect(talk, scheme, host, port, authority):
    found = talk(open_upstream(scheme), (None, b"HTTP/1.1 200 OK\r\n\r\n" + THROUGH), host=host, port=port)

    assert found.heard == f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode()


def test_an_http_proxy_is_given_the_credentials_as_basic_in_utf8(talk):
    found = talk(upstream_of("http"), (None, b"HTTP/1.1 200 OK\r\n\r\n" + THROUGH))

    expected = b"Basic " + b64encode(f"{USERNAME}:{PASSWORD}".encode())
    assert authorization(upstream_of("http")) == expected
    assert b"\r\nProxy-Authorization: %b\r\n\r\n" % expected in found.heard


def test_a_user_name_alone_comes_with_an_empty_password():
    assert authorization(upstream_of("http", password=None)) == b"Basic " + b64encode(f"{USERNAME}:".encode())
    assert authorization(open_upstream("http")) is None


@pytest.mark.parametrize("byte_by_byte", [False, True])
@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nVia: a\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 204 Ja\xdf\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 15_000 + b"\r\n\r\n",
    ],
)
def test_a_tunnel_begins_right_after_the_proxys_answer(talk, head, byte_by_byte):
    found = talk(open_upstream("http"), (None, head + THROUGH), byte_by_byte=byte_by_byte)

    assert (found.error, found.first) == (None, THROUGH)


@pytest.mark.parametrize("status", [100, 199, 300, 301, 400, 401, 403, 404, 408, 429, 500, 502, 503, 599])
def test_an_http_proxy_that_does_not_connect_is_quoted_by_status_alone(talk, status):
    found = talk(upstream_of("http"), (None, b"HTTP/1.1 %d Told you\r\nX: y\r\n\r\n<h1>No</h1>" % status))

    assert type(found.error) is ProxyFailed
    assert str(found.error) == f"The proxy proxy.example.com:1080 made no connection: it answered {status}."


@pytest.mark.parametrize(
    ("upstream", "sentence"),
    [
        (upstream_of("http"), "The proxy proxy.example.com:1080 refused the user name and password."),
        (open_upstream("http"), "The proxy proxy.example.com:1080 wants a user name and a password."),
    ],
)
def test_an_http_proxy_that_answers_407_wants_other_credentials(talk, upstream, sentence):
    found = talk(upstream, (None, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))

    assert type(found.error) is ProxyAuthFailed
    assert str(found.error) == sentence
    assert_hides_credentials(found.error)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"HTTP/1.1 200OK\r\n\r\n",
        b"HTTP/1.1 200 O\0K\r\n\r\n",
        b"HTTP/1.1 200 OK\nX: y\r\n\r\n",
        b" HTTP/1.1 200 OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"http/1.1 200 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\x05\x00\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_http_answer_makes_no_tunnel(talk, answer):
    found = talk(open_upstream("http"), (None, answer + THROUGH))

    assert str(found.error) == "The proxy proxy.example.com:1080 does not speak HTTP."


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r"])
def test_an_http_answer_that_breaks_off_makes_no_tunnel(talk, answer):
    found = talk(open_upstream("http"), (None, answer))

    assert type(found.error) is ConnectionFailed


@pytest.mark.parametrize(("size", "outcome"), [(MAX_HEAD_BYTES, None), (MAX_HEAD_BYTES + 1, ConnectionFailed)])
def test_an_http_answer_has_a_longest_head(talk, size, outcome):
    beginning, end = b"HTTP/1.1 200 OK\r\nX: ", b"\r\n\r\n"

    found = talk(open_upstream("http"), (None, beginning.ljust(size - len(end), b"y") + end + THROUGH))

    assert type(found.error) is (outcome or type(None))


OPEN = (3, b"\x05\x00")
"""A turn of SOCKS5: how many bytes the proxy reads, and what it then says."""
WITH_PASSWORD = (4, b"\x05\x02")
LOGIN = b"\x01" + bytes((len(USERNAME),)) + USERNAME.encode() + bytes((len(PASSWORD.encode()),)) + PASSWORD.encode()
LOGGED_IN = (len(LOGIN), b"\x01\x00")
NAMED = b"\x05\x01\x00\x03\x10shop.example.com\x01\xbb"
DONE = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90"


@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_a_socks_proxy_without_credentials_is_offered_no_password(talk, byte_by_byte):
    found = talk(open_upstream("socks5"), OPEN, (len(NAMED), DONE + THROUGH), byte_by_byte=byte_by_byte)

    assert found == (b"\x05\x01\x00" + NAMED, None, THROUGH)


@pytest.mark.parametrize("byte_by_byte", [False, True])
def test_a_socks_proxy_is_given_the_credentials_when_it_wants_them(talk, byte_by_byte):
    turns = (WITH_PASSWORD, LOGGED_IN, (len(NAMED), DONE + THROUGH))

    found = talk(upstream_of("socks5"), *turns, byte_by_byte=byte_by_byte)

    assert found == (b"\x05\x02\x00\x02" + LOGIN + NAMED, None, THROUGH)


def test_a_socks_proxy_that_wants_no_credentials_gets_none(talk):
    found = talk(upstream_of("socks5"), (4, b"\x05\x00"), (len(NAMED), DONE + THROUGH))

    assert found == (b"\x05\x02\x00\x02" + NAMED, None, THROUGH)


@pytest.mark.parametrize("size", [1, 255])
def test_socks_carries_credentials_of_up_to_255_bytes(talk, size):
    upstream = upstream_of("socks5", username="u" * size, password="p" * size)
    login = bytes((1, size)) + b"u" * size + bytes((size,)) + b"p" * size

    found = talk(upstream, WITH_PASSWORD, (len(login), b"\x01\x00"), (len(NAMED), DONE + THROUGH))

    assert (found.heard[4 : 4 + len(login)], found.first) == (login, THROUGH)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("shop.example.com", b"\x03\x10shop.example.com"),
        ("8.8.8.8", b"\x01\x08\x08\x08\x08"),
        ("[2606:4700::1]", b"\x04\x26\x06\x47\x00" + bytes(11) + b"\x01"),
        ("a" * 63 + ".com", b"\x03\x43" + b"a" * 63 + b".com"),
    ],
)
def test_socks_names_names_and_gives_addresses_as_addresses(talk, host, address):
    request = b"\x05\x01\x00" + address + b"\x01\xbb"

    found = talk(open_upstream("socks5"), OPEN, (len(request), DONE + THROUGH), host=host)

    assert found == (b"\x05\x01\x00" + request, None, THROUGH)


@pytest.mark.parametrize(
    "bound", [b"\x01" + bytes(4), b"\x04" + bytes(16), b"\x03\x00", b"\x03\x09localhost", b"\x03\xff" + b"x" * 255]
)
def test_a_tunnel_begins_right_after_whatever_address_socks_is_bound_to(talk, bound):
    answer = b"\x05\x00\x00" + bound + b"\x00\x50" + THROUGH

    found = talk(open_upstream("socks5"), OPEN, (len(NAMED), answer))

    assert (found.error, found.first) == (None, THROUGH)


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (1, "general failure"),
        (2, "not allowed by its rules"),
        (3, "network unreachable"),
        (4, "host unreachable"),
        (5, "connection refused"),
        (6, "TTL expired"),
        (7, "command not supported"),
        (8, "address type not supported"),
        (9, "reply 9"),
        (255, "reply 255"),
    ],
)
def test_a_socks_proxy_that_does_not_connect_is_quoted(talk, reply, meaning):
    found = talk(open_upstream("socks5"), OPEN, (len(NAMED), bytes((5, reply, 0, 1))))

    assert type(found.error) is ProxyFailed
    assert str(found.error) == f"The proxy proxy.example.com:1080 made no connection: {meaning}."


@pytest.mark.parametrize(
    ("upstream", "turns", "sentence"),
    [
        (open_upstream("socks5"), [(3, b"\x05\xff")], "wants a user name and a password."),
        (upstream_of("socks5"), [(4, b"\x05\xff")], "refused the user name and password."),
        (upstream_of("socks5"), [WITH_PASSWORD, (len(LOGIN), b"\x01\x01")], "refused the user name and password."),
        (upstream_of("socks5"), [WITH_PASSWORD, (len(LOGIN), b"\x01\xff")], "refused the user name and password."),
    ],
)
def test_a_socks_proxy_that_refuses_the_credentials_says_so(talk, upstream, turns, sentence):
    found = talk(upstream, *turns)

    assert type(found.error) is ProxyAuthFailed
    assert str(found.error) == f"The proxy proxy.example.com:1080 {sentence}"
    assert_hides_credentials(found.error)


@pytest.mark.parametrize(
    ("upstream", "turns"),
    [
        (open_upstream("socks5"), [(3, b"\x04\x00")]),
        (open_upstream("socks5"), [(3, b"\x04\xff")]),
        (open_upstream("socks5"), [(3, b"HT")]),
        (open_upstream("socks5"), [(3, b"\x05\x02")]),
        (open_upstream("socks5"), [(3, b"\x05\x01")]),
        (upstream_of("socks5"), [(4, b"\x05\x01")]),
        (upstream_of("socks5"), [WITH_PASSWORD, (len(LOGIN), b"\x05\x00")]),
        (open_upstream("socks5"), [OPEN, (len(NAMED), b"\x04\x00\x00\x01" + bytes(6))]),
        (open_upstream("socks5"), [OPEN, (len(NAMED), b"\x05\x00\x00\x00" + bytes(6))]),
        (open_upstream("socks5"), [OPEN, (len(NAMED), b"\x05\x00\x00\x05" + bytes(20))]),
    ],
)
def test_what_is_not_socks5_makes_no_tunnel(talk, upstream, turns):
    found = talk(upstream, *turns)

    assert str(found.error) == "The proxy proxy.example.com:1080 does not speak SOCKS5."
    assert_hides_credentials(found.error)


@pytest.mark.parametrize(
    "turns",
    [
        [(4, b"")],
        [(4, b"\x05")],
        [WITH_PASSWORD, (len(LOGIN), b"")],
        [WITH_PASSWORD, (len(LOGIN), b"\x01")],
        [WITH_PASSWORD, LOGGED_IN, (len(NAMED), b"")],
        *([WITH_PASSWORD, LOGGED_IN, (len(NAMED), DONE[:size])] for size in range(1, len(DONE))),
        [WITH_PASSWORD, LOGGED_IN, (len(NAMED), b"\x05\x00\x00\x03\xffshort")],
    ],
)
def test_a_socks_proxy_that_breaks_off_makes_no_tunnel(talk, turns):
    found = talk(upstream_of("socks5"), *turns)

    assert type(found.error) is ConnectionFailed
    assert_hides_credentials(found.error)


# ---------------------------------------------------------------- pages in Chromium

LEADS = {"http": "http://shop.example.com/static/1", "https": "https://shop.example.com/static/1"}
"""A name that no resolver here knows: only the proxies do."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("proxy") / "certificate.pem")


@pytest.fixture(scope="module")
def trusting(certificate):
    """Our end trusts the proxies' certificate, and Chromium that of the site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lane_proxy, "_tls", lambda: ssl.create_default_context(cafile=certificate))
        trusted = f"--ignore-certificate-errors-spki-list={fingerprint(CERTIFICATE)}"
        patch.setattr(launch, "ARGUMENTS", (*launch.ARGUMENTS, trusted))
        yield


def fingerprint(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return b64encode(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()).decode()


@pytest.fixture(scope="module")
def proxies(running_site, certificate):
    """A proxy of each kind, one that anybody may use and one that wants credentials."""
    leads = {"shop.example.com:80": running_site.pair, "shop.example.com:443": running_site.tls_pair}
    made = {
        (scheme, wants): UpstreamProxy(
            scheme,
            credentials=(USERNAME, PASSWORD) if wants else None,
            leads=leads,
            certificate=certificate if scheme == "https" else None,
        )
        for scheme in SCHEMES
        for wants in (False, True)
    }
    for proxy in made.values():
        proxy.__enter__()
    yield made
    for proxy in made.values():
        proxy.__exit__()


@pytest.fixture(scope="module")
def proxied_pool(loop, proxies, trusting):
    policy = Policy(allow=frozenset(proxy.pair for proxy in proxies.values()))
    pool = BrowserPool(executable=find_chromium(), lanes=2, policy=policy)
    yield pool
    loop.run(pool.close())


@pytest.fixture
def proxied(loop, site, proxied_pool):
    """Scrape a URL through `proxy`, with the right credentials unless told."""

    def run(url, proxy, *, pool=None, credentials=None, timeout_ms=20_000):
        pool = pool or proxied_pool
        proxy.asked.clear()
        username, password = credentials or (None, None)
        upstream = Upstream(proxy.scheme, "127.0.0.1", proxy.port, username, password)
        return loop.run(visiting(pool, url, upstream, timeout_ms))

    return run


async def visiting(pool, url, upstream, timeout_ms):
    target = gate.check(url, pool.policy)
    lane = await pool.borrow("alice", target.host_key, upstream=upstream)
    try:
        options = FetchOptions(timeout_ms=timeout_ms)
        return await scrape(lane, target, rules.parse({"title": "h1"}), options)
    finally:
        await pool.give_back(lane)


def way_of(proxy, url):
    """How a proxy is asked for a page."""
    if proxy.scheme == "socks5":
        return "SOCKS"
    return "CONNECT" if url.startswith("https:") else "GET"


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("wants", [False, True], ids=["open", "with credentials"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_is_fetched_through_the_proxy(proxied, proxies, site, scheme, wants, kind):
    proxy, url = proxies[scheme, wants], LEADS[kind]
    credentials = (USERNAME, PASSWORD) if wants else None

    outcome = proxied(url, proxy, credentials=credentials)

    assert outcome.data == {"title": "Product 1"}
    assert Asked(way_of(proxy, url), gate.check(url).host_key, credentials) in proxy.asked
    [hit] = [hit for hit in site.hits if hit.path == "/static/1"]
    assert not any(name.startswith("proxy-") for name in hit.headers)


def test_what_a_page_loads_by_script_comes_through_the_proxy_too(proxied, proxies, site):
    outcome = proxied("https://shop.example.com/spa/4", proxies["socks5", True], credentials=(USERNAME, PASSWORD))

    assert outcome.data == {"title": "Product 4"}
    assert site.count("/api/4") == 1


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("credentials", [None, (USERNAME, "wrong")], ids=["none", "wrong"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_whose_proxy_wants_other_credentials_fails_for_good(proxied, proxies, site, scheme, credentials, kind):
    with pytest.raises(ProxyAuthFailed) as failure:
        proxied(LEADS[kind], proxies[scheme, True], credentials=credentials)

    assert not failure.value.retryable
    assert_hides_credentials(failure.value)
    assert site.hits == []


Absent = namedtuple("Absent", ["scheme", "port", "asked"])


@pytest.mark.parametrize("kind", LEADS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_whose_proxy_is_down_fails_with_proxy_error(proxied, make_pool, site, scheme, kind):
    down = Absent(scheme, free_port(), [])
    pool = make_pool(policy=Policy(allow=frozenset({f"127.0.0.1:{down.port}"})))

    with pytest.raises(ProxyFailed) as failure:
        proxied(LEADS[kind], down, pool=pool)

    assert failure.value.retryable
    assert site.hits == []


@pytest.mark.parametrize(("scheme", "kind"), [("http", "https"), ("socks5", "http")])
def test_a_page_whose_proxy_takes_the_connection_and_is_silent_fails_with_proxy_error(
    proxied, make_pool, monkeypatch, scheme, kind
):
    monkeypatch.setattr(lane_proxy, "TUNNEL_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        pool = make_pool(policy=Policy(allow=frozenset({f"127.0.0.1:{port}"})))

        with pytest.raises(ProxyFailed):
            proxied(LEADS[kind], Absent(scheme, port, []), pool=pool)


@pytest.mark.parametrize(("scheme", "kind", "told"), [("http", "https", "502"), ("socks5", "http", "refused")])
def test_a_page_whose_proxy_cannot_reach_the_site_says_what_the_proxy_said(proxied, make_pool, scheme, kind, told):
    with UpstreamProxy(scheme, fails=True) as proxy:
        pool = make_pool(policy=Policy(allow=frozenset({proxy.pair})))

        with pytest.raises(ProxyFailed, match=told):
            proxied(LEADS[kind], proxy, pool=pool)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_inside_that_is_not_allowed_is_never_dialled(proxied, make_pool, scheme):
    with UpstreamProxy(scheme) as proxy:
        pool = make_pool(policy=Policy())

        with pytest.raises(BlockedAddress):
            proxied(LEADS["http"], proxy, pool=pool)

        assert proxy.connections == 0


def test_a_proxy_whose_certificate_nobody_signed_gets_no_credentials(proxied, make_pool, tmp_path):
    with UpstreamProxy("https", certificate=make_certificate(tmp_path / "other.pem")) as proxy:
        pool = make_pool(policy=Policy(allow=frozenset({proxy.pair})))

        with pytest.raises(ProxyFailed):
            proxied(LEADS["http"], proxy, pool=pool, credentials=(USERNAME, PASSWORD))

        assert proxy.asked == []


@pytest.mark.parametrize(
    "inside", ["http://10.0.0.1/", "https://[::1]/", "http://2130706433:8080/", "http://localhost/"]
)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_address_inside_is_refused_through_a_proxy_too(proxied, proxies, site, scheme, inside):
    proxy = proxies[scheme, False]

    with pytest.raises(BlockedAddress):
        proxied(f"http://shop.example.com/redirect?to={inside}", proxy)

    assert {asked.host_key for asked in proxy.asked} <= {"shop.example.com:80"}
    with pytest.raises(UrlError, match="not on the public internet"):
        proxied(inside, proxy)


def test_chromium_never_hears_of_the_proxy(loop, site, proxies, proxied_pool):
    proxy = proxies["http", True]
    upstream = replace(check_proxy(proxy.server, proxied_pool.policy), username=USERNAME, password=PASSWORD)

    lane = loop.run(proxied_pool.borrow("bob", upstream=upstream))
    told = everything_told(proxied_pool)
    loop.run(proxied_pool.give_back(lane))

    assert b"--user-data-dir" in told
    for secret in (USERNAME, PASSWORD, authorization(upstream).decode()[6:], proxy.pair):
        assert secret.encode() not in told


def everything_told(pool):
    """The command lines and environments of the pool's processes, as far as they are still there."""
    family = [processes.Process.find(pid) for pid in (pool.browser_pid, pool.driver_pid)]
    for process in family:
        family.extend(processes.children(process.pid) - set(family))
    told = b""
    for process in family:
        with suppress(FileNotFoundError, ProcessLookupError):
            told += b"".join(Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ"))
    return told
