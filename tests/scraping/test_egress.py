"""Pages in real Chromium, whose only way out is their lane's proxy: what they reach, and how they fail."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from scraping.browser import BrowserPool, find_chromium, launch, processes
from scraping.egress import Policy
from scraping.egress.policy import LISTENERS, PORTS
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError, TlsError, TooLarge
from tests.scraping.conftest import visiting
from tests.scraping.raw import closed_port
from tests.site import Site
from tests.site.pages import document, page

MIB = 1024 * 1024
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@page
async def given(request):
    """The markup that `?html=` holds, and the header that `?refresh=` does."""
    refresh = request.ask("refresh")
    await request.reply(document(request.ask("html")), headers=(("Refresh", refresh),) if refresh else ())


@page
async def bulk(request):
    """`/bulk/20`: so many MiB."""
    await request.reply(b" " * int(request.rest) * MIB)


class Echo:
    """A server of the browser's loop that says back what it is sent, by POST or through a WebSocket."""

    async def start(self):
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()

    async def _converse(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
        if "upgrade" in fields:
            await self._message(reader, writer, head.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0])
        else:
            body = await reader.readexactly(int(fields["content-length"]))
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
            writer.write(head + b"<h1>%b</h1>" % body)
        writer.close()

    async def _message(self, reader, writer, key):
        accepted = base64.b64encode(hashlib.sha1((key + WEBSOCKET).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        _, length = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        masked = await reader.readexactly(length & 0x7F)
        text = bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))
        writer.write(bytes((0x81, len(text))) + text)
        await reader.read(1)


@pytest.fixture(scope="module")
def inside() -> Iterator[Site]:
    """A site that must not be reached; its ports are among those that may be asked."""
    with Site() as inside:
        yield inside
        assert inside.hits == []


@pytest.fixture(scope="module")
def echo(loop):
    echo = Echo()
    loop.run(echo.start())
    yield echo
    loop.run(echo.stop())


@pytest.fixture(scope="module")
def refused_port():
    with closed_port() as port:
        yield port


@pytest.fixture(scope="module")
def egress_pool(loop, running_site, inside, echo, refused_port):
    """A browser for which store.com and its subdomains are the local site, and inside.com is what nobody may reach."""

    def lookup(host):
        if not host.endswith(("store.com", "inside.com")):
            raise OSError
        return ["127.0.0.1"]

    reached = (running_site.port, running_site.tls_port, echo.port, refused_port)
    allow = {f"{host}:{port}" for host in ("store.com", "www.store.com") for port in reached} | {running_site.pair}
    ports = PORTS | {inside.port, inside.tls_port}
    policy = Policy(allow=frozenset(allow), ports=ports)
    pool = BrowserPool(executable=find_chromium(), lanes=2, policy=policy, lookup=lookup)
    yield pool
    loop.run(pool.close())


@pytest.fixture
def browse(loop, egress_pool, site):
    """Scrape a path of store.com, or a whole URL."""

    def browse(path, selectors=None, **options):
        url = path if path.startswith("http") else f"http://store.com:{site.port}{path}"
        return loop.run(visiting(egress_pool, site, url, selectors, **options))

    return browse


@pytest.fixture
def show(browse):
    """Scrape a page of such markup."""
    return lambda html, selectors=None, **options: browse(f"/given?html={quote(html)}", selectors, **options)


@pytest.fixture
def hear(show):
    """Run a script in a page; what it gives."""

    def hear(script):
        html = f"<script>(async () => {{ {script} }})().then(said => {{ const p = document.createElement('p');"
        html += "p.id = 'said'; p.textContent = JSON.stringify(said); document.body.append(p); })</script>"
        outcome = show(html, {"said": "#said"})
        return json.loads(outcome.data["said"]), outcome

    return hear


# ---------------------------------------------------------------- what pages reach


def test_a_name_leads_where_the_resolver_says(browse, site):
    outcome = browse("/static/7")

    assert outcome.data == {"title": "Product 7"}
    assert outcome.final_url == f"http://store.com:{site.port}/static/7"
    assert site.hits[0].headers["host"] == f"store.com:{site.port}"
    assert outcome.received_bytes > 300


def test_one_lane_takes_page_after_page(browse):
    assert [browse(f"/spa/{n}").data["title"] for n in range(5)] == [f"Product {n}" for n in range(5)]


def test_a_redirect_to_another_name_is_followed(browse, site):
    other = f"http://www.store.com:{site.port}/static/2"

    outcome = browse(f"/redirect?to={quote(other)}")

    assert (outcome.data, outcome.final_url) == ({"title": "Product 2"}, other)


def test_a_certificate_of_another_is_seen_through_the_tunnel(browse, site):
    with pytest.raises(TlsError):
        browse(f"https://store.com:{site.tls_port}/static/1")


def test_three_hundred_requests_of_one_page_are_answered(hear, site):
    said, outcome = hear(
        "const answers = await Promise.all([...Array(300).keys()].map(n => fetch('/api/' + n).then(a => a.json())));"
        "return new Set(answers.map(answer => answer.title)).size"
    )

    assert said == 300
    assert sum(hit.path.startswith("/api/") for hit in site.hits) == 300
    assert outcome.blocked_requests == 0


def test_a_form_is_sent_with_its_body(show, echo):
    form = f"<form method=post action=http://store.com:{echo.port}/><input name=a value='b c'></form>"

    assert show(f"{form}<script>document.forms[0].submit()</script>").data == {"title": "a=b+c"}


def test_a_large_body_arrives_whole(hear, echo):
    said, outcome = hear(
        f"const answer = await fetch('http://store.com:{echo.port}/', {{method: 'POST', body: 'x'.repeat(1000000)}});"
        "return (await answer.text()).length"
    )

    assert said == 1_000_009
    assert outcome.received_bytes > 1_000_000


def test_a_websocket_goes_through_the_proxy(hear, echo):
    said, outcome = hear(
        f"const socket = new WebSocket('ws://store.com:{echo.port}/');"
        "return new Promise(done => { socket.onopen = () => socket.send('hello');"
        "socket.onmessage = event => done(event.data); socket.onerror = () => done('failed'); })"
    )

    assert said == "hello"
    assert outcome.blocked_requests == 0


# ---------------------------------------------------------------- what they do not


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["inside.com", "www.inside.com"])
def test_a_page_inside_is_blocked(browse, inside, scheme, host):
    port = inside.port if scheme == "http" else inside.tls_port

    with pytest.raises(BlockedAddress, match=rf"^{host} leads to an address that is not on the public internet\.$"):
        browse(f"{scheme}://{host}:{port}/static/1")


WAYS = ["/redirect?to=", "/redirect?code=307&to=", "/meta-redirect?to=", "/script-redirect?to=", "/inline-redirect?to=",
        "/given?html=<h1>Shown</h1>&refresh=0;url="]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", ["http://inside.com", "https://inside.com", "http://127.0.0.1", "http://[::1]"])
def test_nothing_is_read_where_a_page_leads_inside(browse, inside, way, host):
    port = inside.tls_port if host.startswith("https") else inside.port

    with pytest.raises(BlockedAddress) as refusal:
        browse(way + quote(f"{host}:{port}/static/1"), {"none": "#none"})

    assert "127.0.0.1" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_where_a_page_leads_to_a_name_without_an_address_it_fails_for_that(browse, scheme):
    with pytest.raises(DnsError):
        browse(f"/redirect?to={scheme}://gone.com/")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_where_a_page_leads_to_a_closed_port_it_fails_for_that(browse, refused_port, scheme):
    with pytest.raises(ConnectionFailed, match="refused the connection"):
        browse(f"/redirect?to={scheme}://store.com:{refused_port}/")


def test_no_page_reaches_the_proxy_of_a_lane(browse, egress_pool, inside):
    browse("/static/1")
    lane = egress_pool._idle[-1]
    port = lane._proxy._server.sockets[0].getsockname()[1]

    with pytest.raises(BlockedAddress):
        browse(f"/redirect?to=http://{LISTENERS}:{port}/")


@pytest.mark.parametrize(
    "markup",
    [
        "<iframe src={url}></iframe>",
        "<script src={url}></script>",
        "<link rel=stylesheet href={url}>",
        "<script>fetch('{url}').catch(() => 0)</script>",
        "<script>new WebSocket('{url}'.replace('http', 'ws'))</script>",
        "<script>new EventSource('{url}').onerror = event => event.target.close()</script>",
        "<object data={url}></object>",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_a_page_asks_of_the_inside_is_counted_and_harms_it_not(show, inside, scheme, markup):
    port = inside.port if scheme == "http" else inside.tls_port
    url = f"{scheme}://inside.com:{port}/static/1"

    outcome = show("<h1>Shown</h1>" + markup.replace("{url}", url), wait_until="networkidle")

    assert outcome.data == {"title": "Shown"}
    assert outcome.blocked_requests >= 1


def test_a_page_cannot_tell_one_refusal_from_another(hear, site, inside, refused_port):
    urls = [
        f"{scheme}://{host}/"
        for scheme in ("http", "https")
        for host in (
            f"inside.com:{inside.port}",
            f"127.0.0.1:{inside.port}",
            "10.0.0.1",
            "169.254.169.254",
            "localhost",
            "router",
            "gone.com",
            f"store.com:{refused_port}",
            "store.com:9999",
        )
    ]

    said, _ = hear(
        f"return Promise.all({json.dumps(urls)}.map(async url => {{ let seen = []; "
        "for (const mode of ['cors', 'no-cors']) await fetch(url, {mode}).catch(error => seen.push(String(error)));"
        "await new Promise(done => { const script = document.createElement('script'); script.src = url;"
        "script.onerror = () => { seen.push('error'); done() }; document.head.append(script) });"
        "for (const entry of performance.getEntriesByName(url)) seen.push([entry.initiatorType, entry.responseStatus,"
        "entry.nextHopProtocol, entry.transferSize, entry.connectStart, entry.domainLookupEnd, entry.responseStart]);"
        "return JSON.stringify(seen) }))"
    )

    assert len(said) == len(urls)
    assert len(set(said)) == 1
    assert "Failed to fetch" in said[0]


# ---------------------------------------------------------------- budgets


def test_a_page_within_its_budget_may_load_much(hear):
    said, outcome = hear("const answer = await fetch('/bulk/20'); return (await answer.arrayBuffer()).byteLength")

    assert said == 20 * MIB
    assert 20 * MIB < outcome.received_bytes < 21 * MIB


def test_a_page_over_its_budget_fails_and_the_next_one_does_not(show, browse):
    with pytest.raises(TooLarge, match="more than 25 MiB"):
        show("<script>fetch('/bulk/26').then(answer => answer.arrayBuffer())</script>", {"none": "#none"})

    assert browse("/static/1").data == {"title": "Product 1"}


def test_a_page_that_is_too_large_itself_fails(browse):
    with pytest.raises(TooLarge, match="more than 25 MiB"):
        browse("/bulk/26", {"none": "#none"})


def test_a_page_that_sends_too_much_fails(show, echo):
    with pytest.raises(TooLarge, match="sent more than 2 MiB"):
        show(
            f"<script>fetch('http://store.com:{echo.port}/', {{method: 'POST', mode: 'no-cors',"
            " body: 'x'.repeat(3000000)})</script>",
            {"none": "#none"},
        )


# ---------------------------------------------------------------- the browser itself


@pytest.fixture
def running(loop, make_pool, monkeypatch):
    """A browser started by a process that has proxies and secrets in its environment."""
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("SCRPY_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SCRPY_EGRESS_ALLOW", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "not for pages")
    pool = make_pool()
    loop.run(pool.start())
    return pool


def test_chromium_gets_neither_proxies_nor_secrets_from_the_environment(running):
    pids = {running.browser_pid, *(child.pid for child in processes.children(running.browser_pid))}

    for pid in pids:
        names = {entry.partition(b"=")[0].decode() for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")}
        assert not {name for name in names if "proxy" in name.lower() or name.startswith(("SCRPY_", "AWS_"))}
        assert not {"DATABASE_URL", "REDIS_URL"} & names


def test_chromium_runs_with_our_flags_and_with_playwrights(running):
    flags = Path(f"/proc/{running.browser_pid}/cmdline").read_bytes().decode().replace("\0", "\n").split("\n")

    for ours in (*launch.ARGUMENTS, launch.NO_IMAGES):
        assert ours in flags
    for theirs in ("--disable-background-networking", "--disable-sync", "--disable-component-update", "--no-first-run"):
        assert theirs in flags
    for unwanted in launch.UNWANTED_ARGUMENTS:
        assert unwanted not in flags
    for once in (
        "--disable-features",
        "--proxy-server",
        "--proxy-bypass-list",
        "--host-resolver-rules",
        "--user-data-dir",
    ):
        assert sum(flag.startswith(once + "=") for flag in flags) == 1, once
    assert "--proxy-bypass-list=<-loopback>" in flags
    assert any(flag.startswith(f"--proxy-server=http://{LISTENERS}:") for flag in flags)


def test_permissions_are_denied_without_asking(visit, site):
    names = ["geolocation", "notifications", "camera", "microphone", "midi"]
    script = f"""
        const state = name => navigator.permissions.query({{ name }}).then(found => found.state);
        Promise.all({json.dumps(names)}.map(state)).then(states =>
            document.body.insertAdjacentHTML("beforeend", `<p id=said>${{states}}</p>`))"""

    outcome = visit(f"/given?html={quote(f'<script>{script}</script>')}", {"said": "#said"})

    assert outcome.data == {"said": ",".join(["denied"] * len(names))}
