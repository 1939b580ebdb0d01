"""The gate: which URLs may be fetched, and how they are read."""

from dataclasses import replace
from string import ascii_letters, digits

import pytest

from scraping.egress import Policy, UrlError, gate
from scraping.egress.policy import DEFAULT_POLICY
from tests.hostile_urls import BLOCKED, HOSTILE_URLS
from tests.real_names import REAL_NAMES

UNSENDABLE = ["http://exam\x00ple.com/", "http://example.com/\x00", "http://example.com/\ud800", "http://\udc00.com/"]
"""What the API refuses before it asks the gate."""

CANONICAL = [
    ("http://example.com", "http://example.com/", "http", "example.com", 80),
    ("HTTPS://EXAMPLE.com:443/A?b#c", "https://example.com/A?b#c", "https", "example.com", 443),
    ("http://example.com:8080/", "http://example.com:8080/", "http", "example.com", 8080),
    ("http://bücher.example.org/ü", "http://xn--bcher-kva.example.org/%C3%BC", "http", "xn--bcher-kva.example.org", 80),
    ("http://example.com/a/../b", "http://example.com/b", "http", "example.com", 80),
    ("http://8.8.8.8/", "http://8.8.8.8/", "http", "8.8.8.8", 80),
    ("http://0x08080808/", "http://8.8.8.8/", "http", "8.8.8.8", 80),
    ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/", "http", "[2606:4700::1111]", 80),
    ("http://example.com./", "http://example.com./", "http", "example.com.", 80),
    ("http://notlocalhost.com/", "http://notlocalhost.com/", "http", "notlocalhost.com", 80),
    ("http://local.example.com/", "http://local.example.com/", "http", "local.example.com", 80),
    (" http:/example.com ", "http://example.com/", "http", "example.com", 80),
    ("http://:@example.com/@", "http://example.com/@", "http", "example.com", 80),
    ("http://example.com:080/", "http://example.com/", "http", "example.com", 80),
    ("http://example.com:/", "http://example.com/", "http", "example.com", 80),
    ("http://ex\u00adample。com/", "http://example.com/", "http", "example.com", 80),
    ("http://e\u0301.com/e\u0301", "http://xn--9ca.com/e%CC%81", "http", "xn--9ca.com", 80),
    ("http://faß.de/", "http://xn--fa-hia.de/", "http", "xn--fa-hia.de", 80),
    ("http://www.עברית.com/", "http://www.xn--5dbqzzl.com/", "http", "www.xn--5dbqzzl.com", 80),
    ("http://❤\ufe0f.la/", "http://xn--qei.la/", "http", "xn--qei.la", 80),
    ("http://a_b.-c-.com/", "http://a_b.-c-.com/", "http", "a_b.-c-.com", 80),
    ("http://1.com/", "http://1.com/", "http", "1.com", 80),
    ("http://a.test/", "http://a.test/", "http", "a.test", 80),
    ("http://a.example/", "http://a.example/", "http", "a.example", 80),
    ("http://1.0.0.10.in-addr.arpa/", "http://1.0.0.10.in-addr.arpa/", "http", "1.0.0.10.in-addr.arpa", 80),
    ("http://example.com/a|b?c|d#e|f", "http://example.com/a%7Cb?c|d#e|f", "http", "example.com", 80),
]


def refusal(url: str, policy: Policy = DEFAULT_POLICY) -> UrlError | None:
    try:
        gate.check(url, policy)
    except UrlError as error:
        return error
    return None


@pytest.mark.parametrize(("url", "code"), HOSTILE_URLS.items())
def test_a_hostile_url_is_refused_with_a_code_and_a_sentence(url, code):
    error = refusal(url)

    assert error is not None
    assert error.code == code
    assert str(error).endswith(".")


@pytest.mark.parametrize("url", BLOCKED)
def test_a_browser_at_an_inside_address_stands_where_it_must_not(url):
    assert gate.leads_inside(url)


@pytest.mark.parametrize("url", UNSENDABLE)
def test_a_character_that_no_url_has_makes_it_invalid(url):
    error = refusal(url)

    assert error is not None
    assert error.code == "invalid_url"


@pytest.mark.parametrize(("url", "canonical", "scheme", "host", "port"), CANONICAL)
def test_a_public_url_is_read_as_browsers_read_it(url, canonical, scheme, host, port):
    target = gate.check(url)

    assert (target.sent, target.canonical) == (url, canonical)
    assert (target.scheme, target.host, target.port) == (scheme, host, port)
    assert target.host_key == f"{host}:{port}"


@pytest.mark.parametrize("url", [url for url, *_ in CANONICAL])
def test_the_canonical_url_is_read_as_the_one_that_was_sent(url):
    target = gate.check(url)

    assert gate.check(target.canonical) == replace(target, sent=target.canonical)


@pytest.mark.parametrize("name", REAL_NAMES)
def test_an_international_name_that_sites_have_is_taken(name):
    assert refusal(f"https://{name}/") is None


def test_no_sign_but_hyphens_underscores_and_dots_is_in_a_name():
    taken = {sign for sign in map(chr, range(0x21, 0x7F)) if refusal(f"http://a{sign}b.com/") is None}

    assert taken == {*ascii_letters, *digits, *"-_."}


def test_the_origin_leaves_a_default_port_out():
    assert gate.check("https://example.com:443/a").origin == "https://example.com"
    assert gate.check("https://example.com:8443/a").origin == "https://example.com:8443"


def test_a_url_has_at_most_8192_characters():
    longest = "http://example.com/" + "a" * (8_192 - 19)

    assert gate.check(longest).sent == longest
    with pytest.raises(UrlError, match="8,193 characters"):
        gate.check(longest + "a")


def test_only_the_exact_pair_of_the_allow_list_is_let_in():
    allow = frozenset({"127.0.0.1:8901", "[::1]:8901", "shop.internal:80"})

    assert gate.check("http://0x7f.1:8901/", Policy(allow=allow)).host_key == "127.0.0.1:8901"
    assert gate.check("http://[::1]:8901/", Policy(allow=allow)).host_key == "[::1]:8901"
    assert gate.check("http://shop.internal/", Policy(allow=allow)).host_key == "shop.internal:80"
    for url in ("http://127.0.0.1:8902/", "http://127.0.0.2:8901/", "http://localhost:8901/", "https://shop.internal/"):
        with pytest.raises(UrlError):
            gate.check(url, Policy(allow=allow))


def test_a_refusal_never_repeats_a_password():
    with pytest.raises(UrlError) as caught:
        gate.check("http://user:secret@example.com/")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("http://example.com/?a=\\b", False),
        ("http://user@example.com/", False),
        ("http://example.com/" + "a" * 9_000, False),
        ("blob:http://example.com/x", False),
        ("about:blank", False),
        ("http://127.0.0.1/?\\", True),
        ("http://user@localhost/", True),
        ("https://[::1]/", True),
        ("http://127.0.0.1:8901/", False),
    ],
)
def test_where_a_browser_has_come_to_by_itself_is_judged_by_its_address_alone(url, inside):
    assert gate.leads_inside(url, Policy(allow=frozenset({"127.0.0.1:8901"}))) is inside


def test_a_url_that_is_too_long_once_it_is_encoded_is_refused_at_once():
    longest = "http://example.com/" + "ü" * 1_362

    assert len(gate.check(longest).canonical) == 8_191
    with pytest.raises(UrlError, match="8,197 characters when percent-encoded"):
        gate.check(longest + "ü")


def test_a_public_host_is_asked_at_the_ports_of_the_policy_alone():
    policy = Policy(ports=frozenset({443, 9000}))

    assert refusal("https://example.com/", policy) is None
    assert refusal("http://example.com:9000/", policy) is None
    assert str(refusal("http://example.com/", policy)) == "Port 80 is not one that may be asked; those are 443, 9000."
    assert refusal("http://example.com:8080/", policy).code == "invalid_url"


def test_the_ports_of_a_fresh_policy_are_those_of_the_web():
    assert [port for port in range(10_001) if refusal(f"http://example.com:{port}/") is None] == [80, 443, 8080, 8443]


def test_an_allowed_pair_passes_whatever_its_port():
    policy = Policy(allow=frozenset({"127.0.0.1:8901", "store.com:8901"}))

    assert refusal("http://127.0.0.1:8901/", policy) is None
    assert refusal("http://store.com:8901/", policy) is None
    assert refusal("http://store.com:8902/", policy).code == "invalid_url"
    assert refusal("http://shop.store.com:8901/", policy).code == "invalid_url"


@pytest.mark.parametrize("url", ["http://example.com:6000/", "http://127.0.0.1:22/"])
def test_a_port_that_browsers_refuse_cannot_be_opened_by_the_operator(url):
    policy = Policy(allow=frozenset({"127.0.0.1:22"}), ports=frozenset({80, 6000}))

    error = refusal(url, policy)

    assert error.code == "invalid_url"
    assert str(error).endswith("is one that browsers refuse.")


def test_an_inside_address_is_refused_as_such_at_every_port():
    codes = {refusal(f"http://127.0.0.1:{port}/").code for port in (22, 80, 443, 5432, 6000, 65_535)}

    assert codes == {"blocked_address"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://0x7f.1:8000",
        "http://localhost:8000/",
        "https://scrpy.com/",
        "https://SCRPY.com./",
    ],
)
def test_our_own_services_are_refused_though_they_are_allowed(url):
    pairs = frozenset({"127.0.0.1:8000", "localhost:8000", "scrpy.com:443"})

    assert refusal(url, Policy(allow=pairs, own=pairs)).code == "blocked_address"
    assert gate.leads_inside(url, Policy(allow=pairs, own=pairs))


def test_what_the_gate_cannot_read_counts_as_inside_when_a_browser_stands_there():
    assert gate.leads_inside("http://%20/")


@pytest.mark.parametrize("host_key", ["store.com:443", "8.8.8.8:443", "[2606:4700::1]:443", "store.com.:80"])
def test_a_host_that_a_browser_wants_a_connection_to_is_taken_as_it_is_written(host_key):
    assert gate.check_host(host_key).host_key == host_key


@pytest.mark.parametrize(
    "host_key",
    [
        "STORE.com:80", "st%6Fre.com:80", "store.com", "store.com:", "store.com:080", "127.1:80", "0x8.8.8.8:80",
        "134744072:80", "[2606:4700:0::1]:80", "2606:4700::1:80", "xn--a:80", "a..com:80", "-" * 64 + ".com:80",
        "localhost:80", "store.com:65536", "store.com:0", "store.com:25", ":80", "", "a@store.com:80",
        "store.com:80/:80", "store.com:80?:80", "store.com:80#:80", "store.com\\:80", "store.com\0:80", "store.com :80",
    ],
)  # fmt: skip
def test_a_host_that_is_not_written_as_browsers_write_it_is_refused(host_key):
    with pytest.raises(UrlError):
        gate.check_host(host_key)
