"""Callers' proxies: real little http, https and socks5 proxies on loopback that keep what they were asked."""

import asyncio
import datetime
import ssl
import threading
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Credentials = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """One thing a proxy was asked for: `way` is CONNECT, SOCKS, or the method of a plain request."""

    way: str
    host_key: str
    credentials: Credentials | None


class UpstreamProxy:
    """A proxy, from `with UpstreamProxy("http") as proxy:` to its end.

    Args:
        credentials: what it wants; None lets everybody through.
        leads: where it finds a `host:port`, as `host:port`; it goes anywhere else straight.
        certificate: a PEM file with the key, for https.
        fails: answers every request for a tunnel like a proxy that cannot reach the site.
    """

    def __init__(
        self,
        scheme: str,
        *,
        credentials: Credentials | None = None,
        leads: Mapping[str, str] | None = None,
        certificate: Path | None = None,
        fails: bool = False,
    ) -> None:
        self.scheme = scheme
        self.asked: list[Asked] = []
        self.connections = 0
        self._credentials = credentials
        self._leads = leads or {}
        self._certificate = certificate
        self._fails = fails
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{scheme} proxy")

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def server(self) -> str:
        return f"{self.scheme}://{self.pair}"

    # ---------------------------------------------------------------- its life

    def __enter__(self) -> "UpstreamProxy":
        self._thread.start()
        assert self._ready.wait(10), "the proxy did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        tls = None
        if self._certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self._certificate)
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._loop.create_task(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (self._speak_socks if self.scheme == "socks5" else self._speak_http)(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # a client that went away, or a site that is not there
        finally:
            writer.close()

    # ---------------------------------------------------------------- what it speaks

    async def _speak_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
        request_line, *lines = head.split("\r\n")
        method, address, _ = request_line.split(" ")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        given = _basic(fields.get("proxy-authorization"))
        parts = urlsplit(f"//{address}" if method == "CONNECT" else address)
        host_key = f"{parts.hostname}:{parts.port or 80}"
        self.asked.append(Asked(method, host_key, given))
        if self._credentials not in (None, given):
            writer.write(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
        elif self._fails:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        elif method == "CONNECT":
            await self._lead_on(reader, writer, host_key, first=b"", answer=b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            kept = [line for line in lines if not line.lower().startswith("proxy-")]
            path = address.partition("://")[2].partition("/")[2]
            origin_form = "\r\n".join((f"{method} /{path} HTTP/1.1", *kept, "", "")).encode("latin-1")
            await self._lead_on(reader, writer, host_key, first=origin_form, answer=b"")

    async def _speak_socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self._credentials else 0
        given = None
        if wanted not in methods:
            self.asked.append(Asked("SOCKS", "", None))
            writer.write(b"\x05\xff")
            return
        writer.write(bytes((5, wanted)))
        if wanted:
            given = await _sub_negotiation(reader)
            if given != self._credentials:
                self.asked.append(Asked("SOCKS", "", given))
                writer.write(b"\x01\x01")
                return
            writer.write(b"\x01\x00")
        host_key = await _socks_request(reader)
        self.asked.append(Asked("SOCKS", host_key, given))
        if self._fails:
            writer.write(b"\x05\x05\x00\x01\0\0\0\0\0\0")
            return
        await self._lead_on(reader, writer, host_key, first=b"", answer=b"\x05\x00\x00\x01\0\0\0\0\0\0")

    async def _lead_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host_key: str, *, first: bytes, answer: bytes
    ) -> None:
        host, _, port = self._leads.get(host_key, host_key).rpartition(":")
        site_reader, site_writer = await asyncio.open_connection(host.strip("[]"), int(port))
        try:
            writer.write(answer)
            site_writer.write(first)
            await asyncio.gather(_pour(reader, site_writer), _pour(site_reader, writer))
        finally:
            site_writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def _basic(value: str | None) -> Credentials | None:
    if value is None:
        return None
    username, _, password = b64decode(value.removeprefix("Basic ")).decode().partition(":")
    return username, password


async def _sub_negotiation(reader: asyncio.StreamReader) -> Credentials:
    _, length = await reader.readexactly(2)
    username = await reader.readexactly(length)
    [length] = await reader.readexactly(1)
    return username.decode(), (await reader.readexactly(length)).decode()


async def _socks_request(reader: asyncio.StreamReader) -> str:
    *_, kind = await reader.readexactly(4)
    if kind == 3:
        [length] = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode()
    elif kind == 1:
        host = str(IPv4Address(await reader.readexactly(4)))
    else:
        host = f"[{IPv6Address(await reader.readexactly(16))}]"
    return f"{host}:{int.from_bytes(await reader.readexactly(2))}"


def make_certificate(path: Path) -> Path:
    """A certificate for 127.0.0.1 that it signs itself, with its key, in one new PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A caller's proxy")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + private)
    return path
