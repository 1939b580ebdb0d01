"""The site that hostile pages come from: loopback, over plain HTTP and TLS, one request per connection.

It knows which visits have been made: a page that was never asked for, or never said that it ran, proves nothing.
"""

import asyncio
import base64
import hashlib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scraping.selftest.vectors import Aim, Vector

HOST = "127.0.0.1"
WORKER = b"""
  const attack = () => fetch(unescape(location.search.slice(1)), {mode: "no-cors"}).catch(() => 0);
  attack(); self.oninstall = self.onconnect = attack;
"""


@dataclass(eq=False)
class Visit:
    """One page to go to: a vector with one aim or all of them."""

    vector: Vector
    aims: tuple[Aim, ...]
    served: bool = False
    said: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ran(self) -> bool:
        """Whether the attempt was made."""
        return self.served if self.vector.silent else "ran" in self.said

    @property
    def unsupported(self) -> str | None:
        """What this Chromium lacks for the attempt, if it said so."""
        return next((what for what in self.said if what != "ran"), None)

    def hear(self, what: str) -> None:
        """Note what the page said: `ran`, or what is missing."""
        self.said.append(what)
        self.over.set()


class Site:
    """Serves visits by their number, from `await start()` to `close()`."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._visits: list[Visit] = []
        self.fingerprint = ""
        """What Chromium has to be told to trust the certificate."""

    async def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certify())
        self._servers = [
            await asyncio.start_server(self._serve, HOST, 0),
            await asyncio.start_server(self._serve, HOST, 0, ssl=context),
        ]
        plain, secure = (f"{HOST}:{server.sockets[0].getsockname()[1]}" for server in self._servers)
        self.pairs = frozenset({plain, secure})
        self.origin, self.secure_origin = f"http://{plain}", f"https://{secure}"

    def close(self) -> None:
        for server in self._servers:
            server.close()

    def add(self, group: tuple[Visit, ...]) -> str:
        """The address of a page that makes the visits of `group`: in frames, if they are several."""
        addresses = [self._address(visit) for visit in group]
        if len(addresses) == 1:
            return addresses[0]
        return f"{self.origin}/frames?{'&'.join(addresses)}"

    def _address(self, visit: Visit) -> str:
        self._visits.append(visit)
        origin = self.secure_origin if visit.vector.secure else self.origin
        return f"{origin}/{len(self._visits) - 1}"

    def _certify(self) -> Path:
        """A certificate of its own for this one run."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
            .sign(key, hashes.SHA256())
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.fingerprint = base64.b64encode(hashlib.sha256(public).digest()).decode()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._scratch / "site.pem"
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            writer.write(self._answer(head.split(" ")[1]))
            await writer.drain()
        writer.close()

    def _answer(self, address: str) -> bytes:
        path, _, query = address.partition("?")
        first, _, rest = path.strip("/").partition("/")
        if first.isdecimal():
            return self._page(self._visits[int(first)])
        if first == "said":
            self._visits[int(rest)].hear(unquote(query))
        if first == "frames":
            frames = "".join(f"<iframe src={url}></iframe>" for url in query.split("&"))
            return _response(200, (("Content-Type", "text/html"),), f"<!doctype html><title>a</title>{frames}".encode())
        if first == "to":
            return _response(302, (("Location", query),))
        if first == "worker.js":
            return _response(200, (("Content-Type", "text/javascript"),), WORKER)
        return _response(204)

    def _page(self, visit: Visit) -> bytes:
        visit.served = True
        body = visit.vector.page(visit.aims).encode()
        headers = ((name, visit.aims[0].fill(value)) for name, value in visit.vector.headers)
        return _response(visit.vector.status, (("Content-Type", "text/html"), *headers), body)


def _response(status: int, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> bytes:
    rows = (f"HTTP/1.1 {status} -", "Connection: close", f"Content-Length: {len(body)}",
            "Access-Control-Allow-Origin: *", "Cache-Control: no-store", *map(": ".join, headers))  # fmt: skip
    return "\r\n".join((*rows, "", "")).encode() + body
