"""The gate a URL passes before anything else is done with it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ada_url import URL, HostType

from scraping.egress.address import is_public
from scraping.egress.names import is_local_name, is_name
from scraping.egress.policy import DEFAULT_POLICY, Policy
from scraping.errors import UrlError

MAX_URL_CHARS = 8_192
SCHEMES = {"http:": 80, "https:": 443}
"""What may be fetched, with the port it means."""

MOST_ORIGINS = 4_096
"""Of how many is kept what was found out about them: the URLs of a job have few."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

# fmt: off
UNSAFE_PORTS = frozenset({
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
    109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526,
    530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
    5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080,
})
# fmt: on
"""Ports that Chromium refuses to talk HTTP to (net/base/port_util.cc)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed: `sent` as the caller wrote it, the rest as the browser will read it."""

    sent: str
    canonical: str
    scheme: str
    host: str
    port: int
    origin: str

    @property
    def host_key(self) -> str:
        """`host:port`, an IPv6 host in brackets: what pages of one site are grouped by, and what is allow-listed."""
        return f"{self.host}:{self.port}"


def check(url: str, policy: Policy = DEFAULT_POLICY) -> Target:
    """Parse `url` as a browser would and refuse what must not be fetched. Resolves no name.

    What leads inside is `blocked_address`, whatever its port; a port that a public host may not be asked at is
    `invalid_url`. Names are judged by `names`. Checking a target's `canonical` gives that target again.

    Raises: UrlError, `invalid_url` or `blocked_address`.
    Source: https://url.spec.whatwg.org/
    """
    _refuse_characters(url)
    parsed = _parse(url)
    target = _target(url, parsed)
    if "@" in url and (parsed.username or parsed.password):
        raise UrlError("invalid_url", "The URL contains a user name or a password; remove them.")
    _refuse_length(target.canonical, " when percent-encoded")
    if refused := _refusal(target.origin, policy):
        raise UrlError(*refused)
    return target


def check_host(host_key: str, policy: Policy = DEFAULT_POLICY) -> Target:
    """The same of whom a browser wants a connection to, by `Target.host_key`; a browser writes that in one way only.

    Raises: UrlError.
    """
    target = check(f"http://{host_key}/", policy)
    if target.host_key != host_key:
        raise UrlError("invalid_url", f"{target.host_key} is not written as browsers write it.")
    return target


def read(url: str) -> Target:
    """The URL of a page that is not going to be asked for: wherever it stood, whatever its form.

    Raises: UrlError, `invalid_url`, if it is none of http or https.
    """
    return _target(url, _parse(url))


def leads_inside(url: str, policy: Policy = DEFAULT_POLICY) -> bool:
    """Whether a browser that has come to `url` by itself stands where it must not; the form of the URL is its own.

    What cannot be read cannot be judged: then it does.
    """
    try:
        parsed = _parse(url)
        return parsed.protocol in SCHEMES and _is_forbidden(_site(_target(url, parsed).origin), policy)
    except UrlError:
        return True


def _refuse_characters(url: str) -> None:
    _refuse_length(url, "")
    if CONTROL.search(url):
        raise UrlError("invalid_url", "The URL contains a control character or half of a surrogate pair.")
    if "\\" in url:
        raise UrlError("invalid_url", "The URL contains a backslash; write it as %5C.")


def _refuse_length(url: str, how: str) -> None:
    if len(url) > MAX_URL_CHARS:
        raise UrlError(
            "invalid_url", f"The URL has {len(url):,} characters{how}; at most {MAX_URL_CHARS:,} are allowed."
        )


def _parse(url: str) -> URL:
    try:
        return URL(url)
    except ValueError:
        raise UrlError("invalid_url", "This is not an absolute URL that a browser understands.") from None


def _target(sent: str, parsed: URL) -> Target:
    """What the parser read. Each property costs a call; what the origin alone tells is known already, mostly."""
    if "|" in sent and parsed.protocol in SCHEMES:
        parsed.pathname = parsed.pathname.replace("|", "%7C")  # as Chromium does, though the standard does not
    canonical = parsed.href
    if not canonical.startswith(("http://", "https://")):
        raise UrlError(
            "invalid_url", f"Only http and https URLs can be scraped, not {parsed.protocol.removesuffix(':')}."
        )
    scheme, _, rest = canonical.partition("://")
    origin = f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
    site = _site(origin)
    return Target(sent, canonical, scheme, site.host, site.port, origin)


@dataclass(frozen=True, slots=True)
class _Site:
    """What an origin stands for."""

    host: str
    port: int
    is_host: bool
    """Whether hosts can have that name, or address."""
    is_inside: bool

    @property
    def host_key(self) -> str:
        return f"{self.host}:{self.port}"


@lru_cache(MOST_ORIGINS)
def _site(origin: str) -> _Site:
    """Of an origin as a parser writes it."""
    parsed = URL(origin)
    host, port = parsed.hostname, int(parsed.port or SCHEMES[parsed.protocol])
    if parsed.host_type is HostType.DEFAULT:
        return _Site(host, port, is_host=is_name(host), is_inside=is_local_name(host))
    return _Site(host, port, is_host=True, is_inside=not is_public(host.strip("[]")))


@lru_cache(MOST_ORIGINS)
def _refusal(origin: str, policy: Policy) -> tuple[str, str] | None:
    """Why nothing of an origin may be fetched: a code and a sentence."""
    site = _site(origin)
    if not site.is_host:
        return "invalid_url", f"{site.host[:60]} is no name that a host can have."
    if _is_forbidden(site, policy):
        how = "is not on the public internet; the operator would have to allow it in SCRPY_EGRESS_ALLOW."
        return "blocked_address", f"{site.host} {how}"
    if site.port in UNSAFE_PORTS:
        return "invalid_url", f"Port {site.port} is one that browsers refuse."
    if site.port not in policy.ports and site.host_key not in policy.allow:
        ports = ", ".join(map(str, sorted(policy.ports - UNSAFE_PORTS)))
        return "invalid_url", f"Port {site.port} is not one that may be asked; those are {ports}."
    return None


def _is_forbidden(site: _Site, policy: Policy) -> bool:
    if policy.own and f"{site.host.rstrip('.')}:{site.port}" in policy.own:
        return True
    return site.is_inside and site.host_key not in policy.allow
