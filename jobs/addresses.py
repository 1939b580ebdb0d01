"""Where a request comes from."""

from contextlib import suppress
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's address, an IPv4 one as such; None where there is none, as on a socket.

    Behind a proxy that speaks HTTPS it is the address that this proxy has added last to `X-Forwarded-For`. What comes
    before that, and where there is no such proxy the whole header, anybody can write.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.HTTPS else ""
    for text in (forwarded.rpartition(",")[2].strip(), request.META.get("REMOTE_ADDR", "")):
        with suppress(ValueError):
            address = ip_address(text)
            return str(getattr(address, "ipv4_mapped", None) or address)
    return None
