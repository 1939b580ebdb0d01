"""The head of a request to a lane's proxy where it speaks HTTP: read strictly; one plain request is all that goes."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.egress.asked import NotAsked, Tunnel
from scraping.egress.head import ESTABLISHED, FORBIDDEN, HOP_BY_HOP, RequestHead, parse

LINE = b"GET http://store.com/ HTTP/1.1"


def head_of(*lines):
    return b"\r\n".join((*lines, b"", b""))


def sent(*lines):
    """The lines that another proxy gets of what a browser sent."""
    return parse(head_of(*lines)).to_proxy(None).split(b"\r\n")


def read_strictly(request):
    """What a strict server makes of `request`: its requests, and nothing left over."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(request)
    events = [server.next_event()]
    while events[-1] is not h11.NEED_DATA and not isinstance(events[-1], h11.EndOfMessage):
        events.append(server.next_event())
    assert server.trailing_data == (b"", False)
    return events


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("target", "host_key", "path"),
    [
        (b"http://store.com", "store.com:80", b"/"),
        (b"http://store.com/", "store.com:80", b"/"),
        (b"http://store.com:8080/a?b=c", "store.com:8080", b"/a?b=c"),
        (b"http://store.com?b=c", "store.com:80", b"/?b=c"),
        (b"http://store.com/http://other.com/@", "store.com:80", b"/http://other.com/@"),
        (b"http://[2606:4700::1]/", "[2606:4700::1]:80", b"/"),
        (b"http://[2606:4700::1]:8080/", "[2606:4700::1]:8080", b"/"),
    ],
)
def test_a_plain_request_names_its_host_and_path(target, host_key, path):
    read = parse(head_of(b"GET " + target + b" HTTP/1.1"))

    assert isinstance(read, RequestHead)
    assert (read.method, read.host_key, read.path, read.body_bytes, read.refusal) == (b"GET", host_key, path, 0, b"")


@pytest.mark.parametrize("authority", ["store.com:443", "8.8.8.8:443", "[2606:4700::1]:443", "store.com.:80"])
def test_a_tunnel_names_its_host_and_port(authority):
    read = parse(head_of(f"CONNECT {authority} HTTP/1.1".encode(), f"Host: {authority}".encode()))

    assert read == Tunnel(authority, ESTABLISHED, FORBIDDEN)


@pytest.mark.parametrize("length", [0, 1, 999_999_999_999_999])
def test_a_body_has_the_length_that_is_announced(length):
    assert parse(head_of(b"POST http://store.com/ HTTP/1.1", b"content-LENGTH: %d" % length)).body_bytes == length


@pytest.mark.parametrize("blank", [b"", b" ", b"\t", b" \t "])
def test_blanks_around_a_value_are_not_part_of_it(blank):
    assert b"X: a \t b" in sent(LINE, b"X:" + blank + b"a \t b" + blank)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET http://store.com/",
        b"GET  http://store.com/ HTTP/1.1",
        b" GET http://store.com/ HTTP/1.1",
        b"GET http://store.com/ HTTP/1.1 ",
        b"GET\thttp://store.com/\tHTTP/1.1",
        b"get http://store.com/ HTTP/1.1",
        b"Get http://store.com/ HTTP/1.1",
        b"G@T http://store.com/ HTTP/1.1",
        b"G" * 33 + b" http://store.com/ HTTP/1.1",
        b"GET http://store.com/ HTTP/1.0",
        b"GET http://store.com/ HTTP/1.2",
        b"GET http://store.com/ HTTP/2.0",
        b"GET http://store.com/ HTTP/2",
        b"GET http://store.com/ http/1.1",
        b"GET http://store.com/ HTTP/1.1\n",
        b"GET http://store.com/\n HTTP/1.1",
        b"GET http://store.com/a b HTTP/1.1",
        b"GET http://store.com/\x00 HTTP/1.1",
        b"GET http://store.com/\xe9 HTTP/1.1",
        b"GET http://st\xc3\xb6re.com/ HTTP/1.1",
        b"GET http://st\x00re.com/ HTTP/1.1",
        b"GET https://store.com/ HTTP/1.1",
        b"GET HTTP://store.com/ HTTP/1.1",
        b"GET ftp://store.com/ HTTP/1.1",
        b"GET ws://store.com/ HTTP/1.1",
        b"GET / HTTP/1.1",
        b"GET //store.com/ HTTP/1.1",
        b"GET store.com/ HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET http:///path HTTP/1.1",
        b"GET http:// HTTP/1.1",
        b"GET http://?a HTTP/1.1",
        b"GET http://user@store.com/ HTTP/1.1",
        b"GET http://user:secret@store.com/ HTTP/1.1",
        b"GET http://@store.com/ HTTP/1.1",
        b"GET http://store.com\\@other.com/ HTTP/1.1",
        b"GET http://store.com#part HTTP/1.1",
        b"GET http://store.com/#part HTTP/1.1",
        b"CONNECT store.com HTTP/1.1",
        b"CONNECT :443 HTTP/1.1",
        b"CONNECT store.com: HTTP/1.1",
        b"CONNECT store.com:443/ HTTP/1.1",
        b"CONNECT store.com:443443 HTTP/1.1",
        b"CONNECT store.com:-1 HTTP/1.1",
        b"CONNECT store.com:x HTTP/1.1",
        b"CONNECT user@store.com:443 HTTP/1.1",
        b"CONNECT http://store.com:443 HTTP/1.1",
        b"CONNECT st\xc3\xb6re.com:443 HTTP/1.1",
        b"CONNECT store.com:443 HTTP/1.0",
    ],
)
def test_a_request_line_that_no_browser_sends_is_refused(line):
    with pytest.raises(NotAsked):
        parse(head_of(line))


@pytest.mark.parametrize(
    "lines",
    [
        (b"",),
        (b"X",),
        (b": a",),
        (b"X : a",),
        (b" X: a",),
        (b"X\t: a",),
        (b"X: a", b" folded"),
        (b"X: a", b"\tfolded"),
        (b"X: a\nY: b",),
        (b"X: a\n",),
        (b"X: a\rY: b",),
        (b"X: a\r",),
        (b"X: a\x00",),
        (b"X: a\x0bb",),
        (b"X: a\x7f",),
        (b"X\x00: a",),
        (b"X\xe9: a",),
        (b"X(: a",),
        (b"X/Y: a",),
        (b"GET http://other.com/ HTTP/1.1",),
        (b"Content-Length: 1", b"Content-Length: 1"),
        (b"Content-Length: 1", b"content-length: 2"),
        (b"Content-Length: 1, 1",),
        (b"Content-Length: +1",),
        (b"Content-Length: -1",),
        (b"Content-Length: 0x1",),
        (b"Content-Length: 1_0",),
        (b"Content-Length: 1 0",),
        (b"Content-Length:",),
        (b"Content-Length: 1000000000000000",),
        ("Content-Length: \N{ARABIC-INDIC DIGIT ONE}".encode(),),
        (b"Transfer-Encoding: chunked",),
        (b"transfer-encoding:",),
        (b"Transfer-Encoding: identity", b"Content-Length: 1"),
        (b"Connection: Content-Length", b"Content-Length: 1"),
        (b"Connection: close, content-length", b"Content-Length: 1"),
    ],
)
def test_a_header_that_could_hide_a_request_is_refused(lines):
    with pytest.raises(NotAsked):
        parse(head_of(LINE, *lines))


def test_a_value_of_blanks_is_read_in_a_time_that_grows_as_it_does():
    with pytest.raises(NotAsked):
        parse(head_of(LINE, b"X:" + b" " * 100_000 + b"\x00"))


# ---------------------------------------------------------------- what is passed on


@pytest.mark.parametrize("name", sorted(name.decode().title() for name in HOP_BY_HOP))
def test_what_is_meant_for_the_proxy_alone_is_left_out(name):
    line = f"{name}: something".encode()

    assert line not in sent(LINE, line, b"X: kept")
    assert b"X: kept" in sent(LINE, line, b"X: kept")


def test_what_the_connection_header_lists_is_left_out():
    lines = sent(LINE, b"Connection: close, X-One", b"x-one: 1", b"connection: x-TWO", b"X-Two: 2", b"X-Three: 3")

    assert lines == [
        b"GET http://store.com/ HTTP/1.1", b"Host: store.com", b"Connection: close", b"X-Three: 3", b"", b"",
    ]  # fmt: skip


@pytest.mark.parametrize("claimed", [b"Host: inside.com", b"host: inside.com", b"HOST:inside.com"])
def test_the_host_is_the_one_that_was_asked_for(claimed):
    assert [line for line in sent(LINE, claimed, claimed) if line.lower().startswith(b"host")] == [b"Host: store.com"]


def test_the_order_and_case_of_the_other_headers_stay():
    names = [b"b", b"A", b"Cookie", b"a"]

    assert sent(LINE, *(name + b": 1" for name in names))[3:-2] == [name + b": 1" for name in names]


@pytest.mark.parametrize(("proof", "lines"), [(b"Basic abc", [b"Proxy-Authorization: Basic abc"]), (None, [])])
def test_another_proxy_gets_the_whole_address_and_its_own_credentials(proof, lines):
    head = parse(head_of(b"GET http://store.com:8080/a HTTP/1.1", b"Proxy-Authorization: Basic stolen"))

    first, host, connection, *rest = head.to_proxy(proof).split(b"\r\n")

    assert (first, host, connection) == (
        b"GET http://store.com:8080/a HTTP/1.1", b"Host: store.com:8080", b"Connection: close",
    )  # fmt: skip
    assert rest == [*lines, b"", b""]


NAMES = st.sampled_from([b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Upgrade", b"TE", b"Cookie"])
VALUES = st.sampled_from([b"0", b"5", b"close", b"chunked", b"content-length", b"host", b"cookie", b"a\r\nX: b", b"\n"])
LINES = st.one_of(st.tuples(NAMES, VALUES).map(b": ".join), st.binary(max_size=30))
TARGETS = st.one_of(
    st.sampled_from([b"http://store.com/", b"http://store.com:8080/a?b", b"http://a@b/", b"/", b"store.com:443"]),
    st.binary(max_size=30).map(b"http://store.com/".__add__),
)
METHODS = st.sampled_from([b"GET", b"POST", b"OPTIONS", b"HEAD", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"])


@given(METHODS, TARGETS, st.lists(LINES, max_size=6))
def test_whatever_comes_in_a_server_sees_one_request_or_none(method, target, lines):
    try:
        head = parse(head_of(method + b" " + target + b" HTTP/1.1", *lines))
    except NotAsked:
        return

    request, *rest = read_strictly(head.to_proxy(None) + b"x" * head.body_bytes)

    assert (request.method, request.target) == (head.method, b"http://" + head.authority.encode() + head.path)
    assert [value for name, value in request.headers if name == b"host"] == [head.authority.encode()]
    assert [value for name, value in request.headers if name == b"connection"] == [b"close"]
    assert sum(len(event.data) for event in rest if isinstance(event, h11.Data)) == head.body_bytes


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_or_refused(junk):
    try:
        head = parse(junk)
    except NotAsked:
        return

    assert head.host_key
