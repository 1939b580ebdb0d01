"""Which addresses are the public internet."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scraping.egress.address import is_public

# The registries, written down a second time: the first and the last address of every range that is not public.

SPECIAL_V4 = [
    ("0.0.0.0", "0.255.255.255"),
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
]
SPECIAL_V6 = [
    ("::", "::fffe:ffff:ffff"),  # unspecified, loopback, v4-compatible
    ("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff"),  # v4-translated
    ("64:ff9b::1:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),  # NAT64 of a network's own, discard-only, dummy
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),  # SRv6, unique and link- and site-local, multicast
]

V4_RANGES = [(int(IPv4Address(first)), int(IPv4Address(last))) for first, last in SPECIAL_V4]
V6_RANGES = [(int(IPv6Address(first)), int(IPv6Address(last))) for first, last in SPECIAL_V6]
V4_MOST, V6_MOST = 2**32 - 1, 2**128 - 1
MAPPED, NAT64, SIX_TO_FOUR = 0xFFFF << 32, 0x64_FF9B << 96, 0x2002 << 112


def words(text):
    return text.split()


def special_v4(number):
    return any(first <= number <= last for first, last in V4_RANGES)


def special_v6(number):
    """By plain arithmetic: the ranges first, then what is carried in the address."""
    if any(first <= number <= last for first, last in V6_RANGES):
        return True
    carried = []
    if number - number % 2**32 in (MAPPED, NAT64) or number // 2**32 % 2**32 in (
        0x5EFE,
        0x0200_5EFE,
        0x0100_5EFE,
        0x0300_5EFE,
    ):
        carried.append(number % 2**32)
    if number // 2**112 == 0x2002:
        carried.append(number // 2**80 % 2**32)
    return any(map(special_v4, carried))


def inside(address):
    number = int(address)
    return special_v4(number) if address.version == 4 else special_v6(number)


def borders(ranges, most):
    """The first and last address of each range and the ones next to them."""
    near = {edge + step for first, last in ranges for edge, step in ((first, 0), (first, -1), (last, 0), (last, 1))}
    return sorted(number for number in near if 0 <= number <= most)


V4_BORDERS, V6_BORDERS = borders(V4_RANGES, V4_MOST), borders(V6_RANGES, V6_MOST)

INSIDE = words("""
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.0 127.0.0.1 127.99.114.112
127.255.255.255 169.254.0.0 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.7 192.0.0.8 192.0.0.9
192.0.0.10 192.0.0.170 192.0.0.171 192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.2 192.88.99.255 192.168.0.0
192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 224.0.0.0 224.0.0.251
232.0.0.1 233.252.0.1 239.255.255.255 240.0.0.0 255.255.255.254 255.255.255.255
168.63.129.16 169.254.169.254 169.254.169.253 169.254.169.123 169.254.170.2 169.254.170.23 169.254.42.42 169.254.0.23
100.100.100.200 192.0.0.192 fd00:ec2::254 fd00:ec2::253 fd00:ec2::23 fd20:ce::254 fd00:42::42 fd00:a9fe:a9fe::1
fe80::a9fe:a9fe
:: ::1 ::2 ::7f00:1 ::8.8.8.8 ::fffe:ffff:ffff ::1:0:0:0 ::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8
::ffff:127.0.0.1 ::ffff:10.1.2.3 ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:255.255.255.255 ::ffff:a00:1
64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff 64:ff9b::10.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b::1:0:0
64:ff9b:0:0:1::808:808 64:ff9b:1:: 64:ff9b:1::8.8.8.8 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 64:ff9b:2::1
100:: 100::ffff:ffff:ffff:ffff 100:0:0:1:: 100:0:0:1:ffff:ffff:ffff:ffff 100:0:0:2:: 1fff:ffff:ffff:ffff::1
2001:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:0:808:808:: 2001:0:ffff:ffff:ffff:ffff:ffff:ffff 2001:1::1 2001:1::2
2001:1::3 2001:2:: 2001:2:0:ffff:ffff:ffff:ffff:ffff 2001:3:: 2001:4:112:: 2001:10:: 2001:1f:ffff::1 2001:20::
2001:2f:ffff::1 2001:30:: 2001:3f:ffff::1 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff
2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff
2002:: 2002:7f00:1:: 2002:a00:1:: 2002:a9fe:a9fe::1 2002:c0a8:101::1 2002:c058:6301:: 2002:ffff:ffff::
2606:4700::5efe:127.0.0.1 2606:4700::5efe:a9fe:a9fe 2606:4700::200:5efe:10.0.0.1 2606:4700:1:2:200:5efe:c0a8:1
2606:4700::100:5efe:7f00:1 2606:4700::300:5efe:7f00:1 2002:808:808::5efe:127.0.0.1 2002:7f00:1::5efe:8.8.8.8
4000:: 5efe::1 5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff 6000:: fbff:ffff::1 fc00:: fc00::1
fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe00:: fe7f::1 fe80:: fe80::1 fe80::5efe:8.8.8.8
febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: fec0::1 feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff02::1 ff02::fb
ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""")

PUBLIC = words("""
1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0
192.31.196.1 192.52.193.1 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.48.1 198.17.255.255 198.20.0.0
198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
::ffff:1.0.0.0 ::ffff:8.8.8.8 ::ffff:808:808 ::ffff:223.255.255.255 64:ff9b::8.8.8.8 64:ff9b::100:0
2000:: 2000::1 2001:200:: 2001:4860:4860::8888 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: 2001:ffff::1
2002:808:808:: 2002:808:808::1 2003:: 2400:cb00::1 2606:4700::1111 2606:4700::5efe:8.8.8.8 2606:4700::200:5efe:808:808
2606:4700::5efd:7f00:1 2606:4700::400:5efe:7f00:1 2606:4700:5efe:7f00:1:: 2620:4f:8000::1 2620:fe::fe 2a00:1450::1
3ffe:: 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000:: 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
""")

NO_ADDRESS = [
    "", " ", "localhost", "example.com", "8.8.8", "8.8.8.8.8", "8.8.8.256", "08.8.8.8", "0x8.8.8.8", "134744072",
    "8.8.8.8\n", "8.8.8.8/32", "8.8.8.8:80", "8.8.8.8%eth0", "８.8.8.8", "٨.8.8.8", "[::1]", "::1]", "::1/128", ":::",  # noqa: RUF001
    "1::2::3", "1:2:3:4:5:6:7", "12345::", "::g", "::1.2.3", "::1.2.3.256", "::ffff:08.8.8.8", "fe80::1%", "::1%a%b",
    " ::1", "8.8.8.8 ", "::/0",
]  # fmt: skip


@pytest.mark.parametrize("ip", INSIDE)
def test_an_address_inside_is_not_public(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("ip", PUBLIC)
def test_an_address_just_outside_the_special_ranges_is_public(ip):
    assert is_public(ip)


def test_addresses_are_judged_as_objects_too():
    assert is_public(IPv4Address("8.8.8.8"))
    assert not is_public(IPv6Address("::1"))


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "fe80::1%1", "2606:4700::1111%eth0", "::ffff:8.8.8.8%lo", "ff02::1%2"])
def test_an_address_of_one_link_is_not_public(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_a_text_that_is_no_address_is_neither(text):
    with pytest.raises(ValueError, match=r".*"):
        is_public(text)


def test_the_borders_of_every_special_range_are_where_the_registries_have_them():
    addresses = [*map(IPv4Address, V4_BORDERS), *map(IPv6Address, V6_BORDERS)]

    assert [str(ip) for ip in addresses if is_public(ip) is inside(ip)] == []
    assert len(addresses) > 70


v4_numbers = st.one_of(
    st.integers(0, V4_MOST),
    st.tuples(st.sampled_from(V4_BORDERS), st.integers(-3, 3)).map(lambda near: min(max(sum(near), 0), V4_MOST)),
)
v6_numbers = st.one_of(
    st.integers(0, V6_MOST),
    st.integers(2 << 124, (4 << 124) - 1),
    st.tuples(st.sampled_from(V6_BORDERS), st.integers(-3, 3)).map(lambda near: min(max(sum(near), 0), V6_MOST)),
)


@st.composite
def carriers(draw):
    """An IPv6 address that carries an IPv4 address, in one way or two, or nearly does."""
    carried = draw(v4_numbers)
    prefix = draw(v6_numbers) >> 64 << 64
    return draw(
        st.sampled_from([
            carried,
            MAPPED + carried,
            (0xFFFF << 48) + carried,
            NAT64 + carried,
            NAT64 + (1 << 80) + carried,
            SIX_TO_FOUR + (carried << 80) + draw(v6_numbers) % 2**80,
            prefix + (0x5EFE << 32) + carried,
            prefix + (0x0200_5EFE << 32) + carried,
            prefix + (draw(st.integers(0, 0xFFFF)) << 48) + (0x5EFE << 32) + carried,
            SIX_TO_FOUR + (draw(v4_numbers) << 80) + (0x5EFE << 32) + carried,
        ])
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(v4_numbers.map(IPv4Address) | v6_numbers.map(IPv6Address) | carriers().map(IPv6Address))
@example(IPv6Address("2606:4700::5efe:7f00:1"))
def test_addresses_are_judged_as_plain_arithmetic_judges_them(ip):
    assert is_public(ip) is not inside(ip)
    assert is_public(str(ip)) is is_public(ip)


@pytest.mark.slow
@settings(max_examples=50_000, deadline=None)
@given(v4_numbers.map(IPv4Address) | v6_numbers.map(IPv6Address) | carriers().map(IPv6Address))
def test_very_many_addresses_are_judged_as_plain_arithmetic_judges_them(ip):
    assert is_public(ip) is not inside(ip)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text("0123456789abcdefx.:%/[] ", max_size=24))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        assert is_public(text) in (True, False)
    except ValueError:
        assert text not in (*INSIDE, *PUBLIC)
