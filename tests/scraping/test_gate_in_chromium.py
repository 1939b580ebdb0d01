"""What the gate reads in a URL is what Chromium reads: the same scheme, host, port and spelling."""

import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scraping.browser import find_chromium
from scraping.browser.launch import launch
from scraping.egress import Policy, UrlError, gate
from scraping.egress.gate import SCHEMES, UNSAFE_PORTS
from scraping.egress.policy import PORTS
from scraping.limits import DEFAULT_LIMITS
from tests.hostile_urls import BLOCKED, HOSTILE_URLS
from tests.real_names import REAL_NAMES

READ = """
urls => urls.map(text => {
    try {
        const {protocol, hostname, port, href, origin} = new URL(text);
        return [protocol, hostname, port, href, origin];
    } catch {
        return null;
    }
})
"""

FETCH = """
ports => Promise.all(ports.map(port => fetch(`http://127.254.1.2:${port}/`, {mode: "no-cors"}).catch(() => 0)))
"""

EVERY_PORT = Policy(ports=frozenset(range(65_536)))
BATCH = 20_000
FORMS = ["http://{}.com/", "http://a{}b.com/", "http://א{}ב.com/"]
SLOW_TO_MAKE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
UNSHRUNK = settings(
    deadline=None, suppress_health_check=SLOW_TO_MAKE, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
"""A failure names its URLs; to shrink the batch they came in takes minutes and tells no more."""

# How URLs are made: of parts that are seldom odd, so that many URLs are taken in spite of one.

INVISIBLE = ["\u00ad", "\u200b", "\u2060", "\ufeff", "\ufe0f", "\u034f", "\U000e0100", "\t", "\n"]
DOTS = [".", ".", ".", "。", "．", "｡", "%2e", "%E3%80%82", ".."]  # noqa: RUF001
ODD = [
    *INVISIBLE, *DOTS, *" \"#$%&'()*+,-/:;<=>?@[\\]^_`{|}~\0\x7f", "\u200c", "\u200d", "%00", "%25", "%41", "%C2%AD",
    "%ff", "\u2024", "\u2488", "\u2100", "\uff0f", "\uff1a", "\uff20", "\ufffd", "\ue000", "xn--", "0x", "--",
]  # fmt: skip
LETTERS = [
    *"abz09-_", "é", "ß", "ς", "İ", "K", "ſ", "ẞ", "½", "Ⅷ", "①", "µ", "·", "’", "日", "ー", "・", "א", "ב", "ا",  # noqa: RUF001
    "ـ", "\u064e", "\u0661", "\u06f1", "२", "क", "\u094d", "\u0301", "\u0327", "\u302a", "😀", "❤\ufe0f", "ﬀ", "ﷺ",
    "\u1806", "\u1ac1", "\U00010330", "\U00010d46", "\U0001cf32", "\U0001d7ce", "\u200c", "\u200d",
]  # fmt: skip
INSIDE = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "192.168.1.1"]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "93.184.216.34"]
V6 = [
    "::1", "::", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b::10.0.0.1", "fe80::1",
    "2606:4700::1111", "2606:4700:0:0::1.2.3.4", "2001:4860:4860:0:0:0:0:8888", "2606:0:0:1:1:0:0:1", "1:2:3:4:5:6:7::",
    "2002:7f00:1::", "2606:4700::5efe:a00:1", "fe80::1%25eth0", "1::2::3", "::1.2.3", "02606:4700::1",
]  # fmt: skip
NAMES = [
    "example.com",
    "a_b.com",
    "-a-.com",
    "1.com",
    "a.0x7f",
    "a.09",
    "0x7f.com",
    "localhost",
    "a.localhost",
    "nas.lan",
]


def seldom(strategy, otherwise):
    return st.sampled_from([False] * 9 + [True]).flatmap(lambda odd: strategy if odd else st.just(otherwise))


def number(value):
    """A number in the bases that a host's parts may be written in."""
    return st.sampled_from(
        [str(value), f"{value:#x}", f"0X{value:X}", f"0{value:o}", f"000{value:o}", f"0x000{value:x}"]
    )


@st.composite
def ipv4_hosts(draw):
    """An IPv4 address, its last part perhaps standing for several, digits and dots perhaps of another script."""
    octets = [int(octet) for octet in draw(st.sampled_from([*INSIDE, *OUTSIDE])).split(".")]
    kept = draw(st.integers(0, 3))
    parts = [*octets[:kept], int.from_bytes(bytes(octets[kept:]))]
    host = draw(st.sampled_from(DOTS[:6])).join(draw(number(part)) for part in parts)
    wide = draw(seldom(st.sampled_from([0xFF10, 0x1D7CE]), 0x30))
    host = "".join(chr(ord(letter) - 0x30 + wide) if letter in "0123456789" else letter for letter in host)
    return host + draw(seldom(st.sampled_from(DOTS), ""))


@st.composite
def labels(draw):
    letters = "".join(
        draw(st.lists(st.sampled_from(LETTERS) | st.characters(min_codepoint=0x80), min_size=1, max_size=4))
    )
    if draw(seldom(st.just(True), otherwise=False)):
        return "xn--" + letters.encode("punycode", "replace").decode()
    return letters


def joined(parts):
    return st.lists(parts, min_size=1, max_size=3).flatmap(
        lambda list_: st.sampled_from(DOTS).map(lambda dot: dot.join(list_))
    )


plain_hosts = st.one_of(
    ipv4_hosts(),
    st.sampled_from(V6).map("[{}]".format),
    st.sampled_from(NAMES),
    st.tuples(joined(labels()), st.sampled_from(["", ".com", ".com.", ".עברית", ".0x"])).map("".join),
)


@st.composite
def hosts(draw):
    """A host, perhaps with something odd put in, or percent-encoded in part."""
    host = draw(plain_hosts)
    if draw(seldom(st.just(True), otherwise=False)):
        where = draw(st.integers(0, len(host)))
        host = host[:where] + draw(st.sampled_from(ODD)) + host[where:]
    if draw(seldom(st.just(True), otherwise=False)):
        where = draw(st.integers(0, len(host)))
        host = "".join(f"%{byte:02x}" for byte in host[:where].encode()) + host[where:]
    return host


schemes = seldom(
    st.sampled_from(
        ["HTTP", "hTTps", " http", "ht\ttp", "ws", "ftp", "file", "javascript", "view-source:http", "blob:http", ""]
    ),
    "http",
) | st.just("https")
separators = seldom(st.sampled_from([":", ":/", ":///", "://////", ":\\\\", ":/\\", ":/ /", "://\t", "//"]), "://")
userinfo = seldom(
    st.sampled_from(["@", ":@", "user@", "u:p@", "8.8.8.8@", "127.0.0.1@", "a@b@", "%40@", "a%2f@", ":80@"]), ""
)
ports = st.one_of(
    st.just(""),
    st.sampled_from(
        [":", ":80", ":443", ":0080", ":00000000443", ":8080", ":65535", ":65536", ":4294967376", ":22", ":0"]
    ),
    seldom(st.sampled_from([":-80", ":+80", ":8 0", ":80a", ":８０", "：80", ":80:80", ":%38%30", ":\t80"]), ""),  # noqa: RUF001
)
paths = st.one_of(
    st.sampled_from(
        ["", "/", "?q", "#f", "/a/../b", "/%2e%2e/x", "/./", "//", "/.//", ";x", "@x", "/@b", "?@b", "#@b", " "]
    ),
    st.lists(st.sampled_from([*ODD, *LETTERS, "..", "/"]) | st.characters(), max_size=6).map(
        lambda parts: "/" + "".join(parts)
    ),
)
urls = st.tuples(schemes, separators, userinfo, hosts(), ports, paths).map("".join)
batches = st.lists(urls.map(lambda url: url.encode("utf-8", "replace").decode()), min_size=30, max_size=30)


@pytest.fixture(scope="module")
def tab(loop):
    browser = loop.run(launch(find_chromium(), sandbox="auto", limits=DEFAULT_LIMITS))
    yield loop.run(browser.handle.new_page())
    loop.run(browser.close())


@pytest.fixture(scope="module")
def in_chromium(loop, tab):
    """What Chromium reads in some URLs: scheme, host, port, spelling and origin of each, or None."""
    return lambda urls: loop.run(tab.evaluate(READ, list(urls)))


def taken(url, policy=EVERY_PORT):
    try:
        return gate.check(url, policy)
    except UrlError:
        return None


def as_chromium_tells(target):
    protocol = f"{target.scheme}:"
    port = "" if target.port == SCHEMES[protocol] else str(target.port)
    return [protocol, target.host, port, target.canonical, target.origin]


def disagreements(urls, readings):
    """URLs that the gate takes and Chromium reads otherwise, or not at all."""
    pairs = zip(urls, readings, strict=True)
    return [url for url, reading in pairs if (target := taken(url)) and as_chromium_tells(target) != reading]


def let_in(urls, readings):
    """URLs that lead Chromium to one of some inside addresses, and that the gate takes."""
    inside = {*INSIDE, "[::1]", "[::]", "[::ffff:7f00:1]", "[::7f00:1]", "[fe80::1]", "[2002:7f00:1::]", "localhost"}
    return [url for url, reading in zip(urls, readings, strict=True) if reading and reading[1] in inside and taken(url)]


def check_batch(in_chromium, urls):
    readings = in_chromium(urls)

    assert disagreements(urls, readings) == []
    assert let_in(urls, readings) == []


@settings(UNSHRUNK, max_examples=40)
@given(batches)
def test_what_the_gate_takes_chromium_reads_alike(in_chromium, urls):
    check_batch(in_chromium, urls)


@pytest.mark.slow
@settings(UNSHRUNK, max_examples=600)
@given(batches)
def test_what_the_gate_takes_chromium_reads_alike_however_long_one_tries(in_chromium, urls):
    check_batch(in_chromium, urls)


def test_names_that_sites_have_are_read_alike(in_chromium):
    urls = [f"https://{name}/" for name in REAL_NAMES]

    assert [as_chromium_tells(taken(url)) for url in urls] == in_chromium(urls)


@settings(UNSHRUNK, max_examples=40)
@given(batches)
def test_a_target_is_read_again_as_itself(urls):
    targets = [target for url in urls if (target := taken(url))]

    assert [taken(target.canonical) for target in targets] == [replace(one, sent=one.canonical) for one in targets]


def test_hostile_urls_are_refused_and_chromium_would_have_gone_inside(in_chromium):
    readings = in_chromium(BLOCKED)

    assert [url for url, reading in zip(BLOCKED, readings, strict=True) if not gate.leads_inside(reading[3])] == []
    check_batch(in_chromium, list(HOSTILE_URLS))


@pytest.mark.slow
def test_every_letter_of_unicode_is_read_alike_in_a_name(in_chromium):
    letters = [chr(code) for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    names = [form.format(letter) for form in FORMS for letter in letters]
    urls = [url for url in names if taken(url)]

    for start in range(0, len(urls), BATCH):
        some = urls[start : start + BATCH]
        assert disagreements(some, in_chromium(some)) == []


@pytest.fixture
def refused_ports(loop, tab):
    """Which of some ports Chromium talks to nobody at."""

    async def ask(ports):
        failures = {}
        tab.on("requestfailed", lambda request: failures.update({request.url: request.failure}))
        await tab.evaluate(FETCH, ports)
        refused = [url for url, failure in failures.items() if failure == "net::ERR_UNSAFE_PORT"]
        return {urlsplit(url).port for url in refused}

    return lambda ports: loop.run(ask(ports))


def test_the_gate_knows_the_ports_that_chromium_refuses(refused_ports):
    neighbours = {port + step for port in UNSAFE_PORTS for step in (-1, 1) if port + step > 0}

    others = {*range(1_024), *range(6_600, 6_700), 1_720, 2_049, 3_659, 4_045, 5_060, 6_000, 10_080}

    assert refused_ports(sorted(UNSAFE_PORTS | neighbours | PORTS | others)) == UNSAFE_PORTS
