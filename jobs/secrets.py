"""What is secret of a job, of its options and its session: sealed, and opened by the workers alone."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from django.conf import settings

from jobs.sealing import SealBroken, seal, unseal
from scraping.egress.upstream import Upstream, check_proxy
from scraping.errors import BlockedAddress, ProxyFailed, UrlError
from scraping.options import NOTHING_SENT, Cookie, Sent

log = logging.getLogger(__name__)

MOST_SESSION_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The caller's proxy with its credentials, and what is sent along to the sites."""

    proxy: Upstream | None = None
    sent: Sent = NOTHING_SENT


NO_SECRETS = Secrets()


def sealed(secrets: Secrets) -> str | None:
    """None if there are none."""
    if secrets == NO_SECRETS:
        return None
    proxy, sent = secrets.proxy, secrets.sent
    kept = {
        "proxy": proxy and {"server": proxy.server, "username": proxy.username, "password": proxy.password},
        "headers": sent.headers,
        "cookies": [asdict(cookie) for cookie in sent.cookies],
    }
    return seal(orjson.dumps(kept).decode())


def opened(text: str | None) -> Secrets:
    """The secrets that were `sealed`. A proxy is judged anew: what the operator allowed then may not be allowed now.

    Raises: ProxyFailed if they cannot be opened any more, BlockedAddress.
    """
    if text is None:
        return NO_SECRETS
    try:
        kept = orjson.loads(unseal(text))
    except SealBroken as exc:
        raise ProxyFailed(
            "The job's proxy credentials, headers and cookies cannot be read any more, because SCRPY_SECRET_KEY was "
            "changed; post the job again."
        ) from exc
    headers = tuple((name, value) for name, value in kept["headers"])
    cookies = tuple(Cookie(**cookie) for cookie in kept["cookies"])
    return Secrets(proxy=_proxy_in(kept["proxy"]), sent=Sent(headers=headers, cookies=cookies))


def _proxy_in(kept: dict[str, Any] | None) -> Upstream | None:
    if kept is None:
        return None
    try:
        upstream = check_proxy(kept["server"], settings.EGRESS_POLICY)
    except UrlError as exc:
        raise BlockedAddress(str(exc)) from exc
    return replace(upstream, username=kept["username"], password=kept["password"])


def sealed_session(cookies: Sequence[Mapping[str, Any]]) -> str | None:
    """The cookies of a lane that keeps its session, for the job's next lane. None if there are none, or too many."""
    text = orjson.dumps(list(cookies))
    if len(text) > MOST_SESSION_BYTES:
        log.warning("A job's session has cookies of %s bytes; they are not kept.", f"{len(text):,}")
    return seal(text.decode()) if cookies and len(text) <= MOST_SESSION_BYTES else None


def opened_session(text: str | None) -> list[dict[str, Any]]:
    """The cookies that were sealed; an empty list if they cannot be opened any more: the session begins anew."""
    try:
        cookies: list[dict[str, Any]] = orjson.loads(unseal(text)) if text else []
    except SealBroken:
        log.warning("A job's session cannot be opened, because SCRPY_SECRET_KEY was changed; it begins anew.")
        return []
    return cookies
