"""What a job keeps of its caller's proxy: sealed, and opened by the workers alone."""

from dataclasses import replace

import orjson
from django.conf import settings

from jobs.sealing import SealBroken, seal, unseal
from scraping.egress.upstream import Upstream, check_proxy
from scraping.errors import BlockedAddress, ProxyFailed, UrlError


def sealed(upstream: Upstream) -> str:
    kept = {"server": upstream.server, "username": upstream.username, "password": upstream.password}
    return seal(orjson.dumps(kept).decode())


def opened(text: str) -> Upstream:
    """The proxy that was `sealed`. Judged anew: what the operator allowed when the job was made may not be now.

    Raises: ProxyFailed if it cannot be opened any more, BlockedAddress.
    """
    try:
        kept = orjson.loads(unseal(text))
        upstream = check_proxy(kept["server"], settings.EGRESS_POLICY)
    except SealBroken as exc:
        raise ProxyFailed(
            "The proxy's user name and password cannot be read any more, because SCRPY_SECRET_KEY was changed; "
            "post the job again."
        ) from exc
    except UrlError as exc:
        raise BlockedAddress(str(exc)) from exc
    return replace(upstream, username=kept["username"], password=kept["password"])
