"""The gate: which URLs may be fetched, and how they are read."""

import pytest

from scraping.egress import Policy, UrlError, gate

INSIDE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://%31%32%37.0.0.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://10.0.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.0.0.192/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://" + "".join(chr(ord(letter) + 0xFEE0) for letter in "localhost") + "/",  # full-width
    "http://loc%61lhost/",
    "http://a.localhost/",
    "http://a.localhost./",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://router.home.arpa/",
    "http://nas.lan/",
    "http://intranet/",
    "http://intranet./",
    "https://127.0.0.1:8443/",
    "http:127.0.0.1",
    "http:///127.0.0.1/",
]

INVALID = [
    "",
    " ",
    "example.com",
    "//example.com/",
    "/path",
    "http://",
    "http:// /",
    "http://exa mple.com/",
    "http://example.com:99999/",
    "http://[::1",
    "http://1.2.3.4.5/",
    "http://256.1.1.1/",
    "http://a..b.%00/",
    "http://exam\x00ple.com/",
    "http://example.com/\n",
    "\thttp://example.com/",
    "http://example.com/\x7f",
    "http://example.com/\u2028",
    "http://example.com/\ud800",
    "http://example.com\\@127.0.0.1/",
    "http://example.com/a\\b",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://:secret@example.com/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "ws://example.com/",
    "data:text/html,x",
    "javascript:alert(1)",
    "about:blank",
    "chrome://version",
    "view-source:http://example.com/",
    "blob:http://example.com/x",
    "http://example.com:22/",
    "https://example.com:25/",
    "http://example.com:6667/",
    "http://example.com:0/",
]

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
]


@pytest.mark.parametrize("url", INSIDE)
def test_every_spelling_of_an_inside_address_is_blocked(url):
    with pytest.raises(UrlError) as caught:
        gate.check(url)

    assert caught.value.code == "blocked_address"


@pytest.mark.parametrize("url", INVALID)
def test_what_is_not_a_plain_web_address_is_invalid(url):
    with pytest.raises(UrlError) as caught:
        gate.check(url)

    assert caught.value.code == "invalid_url"
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("url", "canonical", "scheme", "host", "port"), CANONICAL)
def test_a_public_url_is_read_as_browsers_read_it(url, canonical, scheme, host, port):
    target = gate.check(url)

    assert (target.sent, target.canonical) == (url, canonical)
    assert (target.scheme, target.host, target.port) == (scheme, host, port)
    assert target.host_key == f"{host}:{port}"


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


@pytest.mark.parametrize(
    "host", ["e..com", ".com", f"{'a' * 64}.com", ".".join(["abcdefghi"] * 30)], ids=["empty", "no", "label", "long"]
)
def test_a_name_that_dns_cannot_hold_is_no_url(host):
    with pytest.raises(UrlError) as caught:
        gate.check(f"http://{host}/")

    assert caught.value.code == "invalid_url"
