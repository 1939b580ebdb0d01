"""Pages that harm whoever opens them; importing this puts them on the site, besides those in `pages`.

Every document that is shown at all holds `<h1>Shown</h1>` before its harm begins.
"""

import asyncio
import gzip
import subprocess
import zlib
from functools import cache
from typing import TYPE_CHECKING

from playwright._impl._driver import compute_driver_executable

from tests.site.pages import DOCUMENTS, PAGES, document, page

if TYPE_CHECKING:
    from tests.site.server import Request

HEADING = "Shown"
SHOWN = f"<h1>{HEADING}</h1>"
ODD_TITLE = "=cmd|' /C calc'!A0 <img src=x onerror=alert(1)> \x1b[31m \u202e {{7*7}} ${7*7} &lt;"
BOMB_BYTES = 8 * 1024 * 1024


def script(source: str) -> str:
    """A document whose script runs once its heading is there."""
    return f"{SHOWN}<p id=answer></p><script>{source}</script>"


def lasting(source: str) -> str:
    """The same, but never ready, so that what it does goes on."""
    return f"{script(source)}<script src=/silent></script>"


# -------------------------------------------------------------------- ways to lead elsewhere


@page
async def refresh_header(request: "Request") -> None:
    await request.reply(document(SHOWN), headers=(("Refresh", f"0; url={request.ask('to')}"),))


WAYS = {
    "assign": "location.assign(to)",
    "replace": "location.replace(to)",
    "after-load": "addEventListener('load', () => setTimeout(() => { location.href = to; }, 20))",
    "link": "const link = document.createElement('a'); link.href = to; document.body.append(link); link.click()",
    "form": "const form = document.createElement('form'); form.action = to; document.body.append(form); form.submit()",
    "post": "const form = document.createElement('form'); form.action = to; form.method = 'post';"
    "document.body.append(form); form.submit()",
    "navigate": "navigation.navigate(to)",
    "self": "open(to, '_self')",
    "frame": "const frame = document.createElement('iframe'); document.body.append(frame);"
    "frame.contentWindow.eval(`top.location = '${to}'`)",
}


@page
async def lead(request: "Request") -> None:
    """`/lead/<way>?to=…` goes there in a way that WAYS names."""
    await request.reply(document(script(f"const to = '{request.ask('to')}'; {WAYS[request.rest]}")))


# -------------------------------------------------------------------- answers


@page
async def dripping(request: "Request") -> None:
    """A document that comes a byte at a time, and would take hours."""
    await request.head(200, (("Content-Type", "text/html"), ("Content-Length", "1000000")))
    for byte in SHOWN.encode() + b" " * 1_000_000:
        await request.write(bytes([byte]))
        await asyncio.sleep(0.02)


@page
async def firehose(request: "Request") -> None:
    """A document that never ends, as fast as it is read."""
    request.keep = False
    await request.head(200, (("Content-Type", "text/html"), ("Connection", "close")))
    await request.write(SHOWN.encode())
    while True:
        await request.write(b"<!-- " + b"x" * 65_536 + b" -->")


@cache
def bomb(encoding: str) -> bytes:
    """A document of 8 MiB as a few KiB; `gzip, gzip` is packed twice."""
    content = document(SHOWN + "<p>" + " " * BOMB_BYTES).encode()
    if encoding == "gzip":
        return gzip.compress(content, 9)
    if encoding == "gzip, gzip":
        return gzip.compress(gzip.compress(content, 9), 9)
    if encoding == "deflate":
        return zlib.compress(content, 9)
    method = {"br": "brotliCompressSync", "zstd": "zstdCompressSync"}[encoding]
    packing = f"process.stdout.write(zlib.{method}(fs.readFileSync(0)))"
    return subprocess.run(
        [compute_driver_executable()[0], "-e", packing], input=content, capture_output=True, check=True
    ).stdout


@page
async def packed(request: "Request") -> None:
    """`/packed?with=br`: a compression bomb."""
    content = await asyncio.to_thread(bomb, request.ask("with"))
    await request.reply(content, headers=(("Content-Encoding", request.ask("with")),))


@page
async def large(request: "Request") -> None:
    """`/large?bytes=1000`: a document of exactly so many bytes."""
    body = document(SHOWN)
    await request.reply(body + " " * (int(request.ask("bytes")) - len(body)))


@page
async def rows(request: "Request") -> None:
    """`/rows?n=5000`: a table of so many rows."""
    cells = (f"<tr><td>{row}</td><td class=name>Row {row}</td></tr>" for row in range(int(request.ask("n"))))
    await request.reply(document(f"{SHOWN}<table>{''.join(cells)}</table>"))


@page
async def sends(request: "Request") -> None:
    """`/sends?bytes=1000`: shows its heading once it has posted so many bytes."""
    source = f"fetch('/beat', {{method: 'POST', body: 'x'.repeat({request.ask('bytes')})}})"
    await request.reply(
        document(f"<p></p><script>{source}.then(() => {{ document.body.innerHTML = '{SHOWN}' }})</script>")
    )


@page
async def asks(request: "Request") -> None:
    """`/asks?n=10`: makes so many requests besides its own; with `&cached=1` one of the site, the rest of the cache."""
    path = "'/cached.js'" if request.ask("cached") else "'/beat/' + n"
    await request.reply(
        document(
            f"<script>(async () => {{ for (let n = 0; n < {request.ask('n')}; n++) await (await fetch({path})).text();"
            f"document.body.innerHTML = '{SHOWN}' }})()</script>"
        )
    )


@page
async def scripted(request: "Request") -> None:
    """`/scripted?n=10`: a page of so many scripts."""
    scripts = "".join(f"<script src=/beat/{number}></script>" for number in range(int(request.ask("n"))))
    await request.reply(document(SHOWN + scripts))


@page
async def framed(request: "Request") -> None:
    """`/framed?n=10`: the same in a frame."""
    await request.reply(document(f"{SHOWN}<iframe src='/scripted?n={request.ask('n')}'></iframe>"))


@page
async def holds(request: "Request") -> None:
    """`/holds?mib=100`: shows its heading after it has held so much memory for a while."""
    size = int(request.ask("mib")) * 1024 * 1024
    await request.reply(
        document(
            f"<script>const kept = new Uint8Array({size}).fill(1);"
            f"setTimeout(() => {{ document.body.innerHTML = '{SHOWN}' + kept.length }}, 1200)</script>"
        )
    )


@page
async def proxy_auth(request: "Request") -> None:
    await request.reply(document(SHOWN), status=407, headers=(("Proxy-Authenticate", 'Basic realm="x"'),))


@page
async def raw(request: "Request") -> None:
    """`/raw/<key>` sends what ANSWERS holds, as it is, and closes."""
    request.keep = False
    await request.write(ANSWERS[request.rest])


def answer(line: str = "HTTP/1.1 200 OK", *headers: bytes, body: str = SHOWN) -> bytes:
    """A whole answer, well-formed or not."""
    content = document(body).encode()
    rows = (line.encode(), b"Content-Type: text/html; charset=utf-8", *headers, b"Content-Length: %d" % len(content))
    return b"\r\n".join(rows) + b"\r\n\r\n" + content


ANSWERS = {
    "status-0": answer("HTTP/1.1 000 Nothing"),
    "status-999": answer("HTTP/1.1 999 Beyond"),
    "status-1xx-flood": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5_000 + answer(),
    "status-1xx-few": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + answer(),
    "status-101": answer("HTTP/1.1 101 Switching Protocols", b"Upgrade: nonsense", b"Connection: Upgrade"),
    "huge-header": answer("HTTP/1.1 200 OK", b"X-Huge: " + b"x" * 300 * 1024),
    "many-cookies": answer("HTTP/1.1 200 OK", *(b"Set-Cookie: c%d=1" % number for number in range(10_000))),
    "nul-header": answer("HTTP/1.1 200 OK", b"X-Odd: a\x00b"),
    "odd-header": answer("HTTP/1.1 200 OK", b"X-Odd: \xff\xfe\x80", b"\xe9\x01: 1", b"no colon", b": no name"),
    "two-lengths": answer("HTTP/1.1 200 OK", b"Content-Length: 7"),
    "negative-length": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: -1\r\n\r\n" + SHOWN.encode(),
    "bad-chunks": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
    + SHOWN.encode(),
    "huge-chunk": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"f" * 16
    + b"\r\n",
    "http-0.9": document(SHOWN).encode(),
    "nothing": b"",
    "not-gzip": answer("HTTP/1.1 200 OK", b"Content-Encoding: gzip"),
    "two-locations": answer("HTTP/1.1 302 Found", b"Location: /static/1", b"Location: /static/2"),
    "odd-location": answer("HTTP/1.1 302 Found", b"Location: http://[::1%25x]:99999/\xff"),
    "utf-16": answer("HTTP/1.1 200 OK", b"Content-Type: text/html; charset=utf-16"),
    "utf-7": answer("HTTP/1.1 200 OK", b"Content-Type: text/html; charset=utf-7"),
    "no-charset": answer("HTTP/1.1 200 OK", b"Content-Type: text/html; charset=no-such-charset"),
    "no-type": b"HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 14\r\n\r\n" + SHOWN.encode(),
    "odd-type": b'HTTP/1.1 200 OK\r\nContent-Type: ;;=/"\xff\r\nContent-Length: 14\r\n\r\n' + SHOWN.encode(),
    "text-event-stream": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n",
}


async def service_worker(request: "Request") -> None:
    """A worker that would answer every request of the site."""
    source = (
        "const stolen = () => new Response('<h1>Stolen</h1>', { headers: { 'Content-Type': 'text/html' } });"
        "onfetch = event => event.respondWith(stolen());"
        "oninstall = () => skipWaiting(); onactivate = event => event.waitUntil(clients.claim())"
    )
    await request.reply(source, kind="text/javascript")


PAGES["service-worker.js"] = service_worker


@page
async def events(request: "Request") -> None:
    """Server-sent events without end."""
    request.keep = False
    await request.head(200, (("Content-Type", "text/event-stream"),))
    while True:
        await request.write(b"data: x\n\n")
        await asyncio.sleep(0.01)


@page
async def nesting(request: "Request") -> None:
    """Holds two frames, each of which holds two, without end."""
    depth = int(request.rest or "0") + 1
    await request.reply(
        document(f"{SHOWN}<iframe src=/nesting/{depth}></iframe><iframe src=/nesting/{depth}?2></iframe>")
    )


@page
async def shared_worker(request: "Request") -> None:
    """`/shared-worker/<name>`: a worker that pages of one origin share, and that shows that it lives."""
    source = f"setInterval(() => fetch('/beat/shared-{request.rest}'), 20)"
    await request.reply(source, kind="text/javascript")


# -------------------------------------------------------------------- documents

FILLING = "const kept = []; const fill = () => { %s; setTimeout(fill); }; fill()"

DOCUMENTS |= {
    # loops
    "loop-in-frame": f"{SHOWN}<iframe srcdoc='<script>for (;;);</script>'></iframe>",
    "loop-in-sandboxed-frame": f"{SHOWN}<iframe sandbox=allow-scripts srcdoc='<script>for (;;);</script>'></iframe>",
    "loop-in-workers": script("for (let n = 0; n < 8; n++) new Worker(URL.createObjectURL(new Blob(['for (;;);'])))"),
    "loop-in-microtasks": script("const again = () => Promise.resolve().then(again); again()"),
    "loop-in-observer": script(
        "new MutationObserver(() => { document.body.dataset.n = Math.random(); })"
        ".observe(document.body, { attributes: true }); document.body.dataset.n = 1"
    ),
    "loop-in-reaction": script(
        "customElements.define('x-loop', class extends HTMLElement { connectedCallback() { for (;;); } });"
        "setTimeout(() => document.body.append(document.createElement('x-loop')), 20)"
    ),
    "animation-loop": script(
        "const again = () => { document.body.offsetWidth; requestAnimationFrame(again); }; again()"
    ),
    "message-flood": script(
        "onmessage = () => { for (let n = 0; n < 2; n++) postMessage('x'.repeat(1000), '*'); }; postMessage('x', '*')"
    ),
    "channel-loop": script(
        "const { port1, port2 } = new MessageChannel(); port1.onmessage = () => port2.postMessage(1);"
        "port2.onmessage = () => port1.postMessage(1); port1.postMessage(1)"
    ),
    "regex-bomb": script("/^(a+)+$/.test('a'.repeat(60) + 'b')"),
    "css-bomb": "<style>"
    + "".join(f":root {{ --v{n}: var(--v{n - 1}) var(--v{n - 1}) }}" for n in range(1, 40))
    + ":root { --v0: lol; } h1::after { content: var(--v39) }</style>"
    + SHOWN,
    "has-bomb": "<style>"
    + ":has(" * 1
    + "*"
    + ")" * 1
    + " * * * * ~ * { color: red }</style>"
    + SHOWN
    + "<i>" * 300
    + "</i>" * 300
    + "<b></b>" * 20_000,
    "entity-bomb": SHOWN + "<p>" + "&lt;" * 500_000,
    "recursion": script("const deeper = () => deeper(); deeper()"),
    # memory
    "fill-arrays": lasting(FILLING % "kept.push(new Array(1e6).fill(Math.random()).map((n, i) => [n, i]))"),
    "fill-buffers": lasting(FILLING % "kept.push(new Uint8Array(3e7).fill(1))"),
    "fill-strings": lasting(FILLING % "kept.push([...Array(3e5).keys()].join(String(kept.length)))"),
    "fill-nodes": lasting(
        FILLING % "const box = document.createElement('div'); box.innerHTML = '<i>x</i>'.repeat(5e4); kept.push(box)"
    ),
    "fill-canvases": lasting(
        FILLING % "const canvas = document.createElement('canvas'); canvas.width = canvas.height = 4000;"
        "canvas.getContext('2d').fillRect(0, 0, 4000, 4000); canvas.getContext('2d').getImageData(0, 0, 1, 1);"
        "kept.push(canvas)"
    ),
    "fill-wasm": lasting(
        "const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });"
        + FILLING % "try { memory.grow(500); new Uint8Array(memory.buffer).fill(1); } catch {}"
    ),
    "fill-worker": lasting(
        "new Worker(URL.createObjectURL(new Blob(['const kept = []; "
        "const fill = () => { kept.push(new Uint8Array(3e7).fill(1)); setTimeout(fill); }; fill()'])))"
    ),
    "fill-at-once": script("const kept = []; for (;;) kept.push(new Uint8Array(1e7).fill(1))"),
    "fill-heap-at-once": script("const kept = []; for (;;) kept.push({ a: Math.random(), b: [1, 2, 3] })"),
    "fill-blobs": script(FILLING % "kept.push(new Blob([new Uint8Array(2e7).fill(1)]))"),
    "too-long-array": script("new Array(2 ** 32 - 2).fill(0)"),
    # size
    "million-nodes": script("document.body.insertAdjacentHTML('beforeend', '<i></i>'.repeat(1e6))"),
    "deep-by-script": script(
        "let at = document.body; for (let n = 0; n < 1e5; n++) at = at.appendChild(document.createElement('div'));"
        "at.textContent = 'bottom'"
    ),
    "deep-in-source": SHOWN + "<div>" * 100_000,
    "huge-text": script("document.getElementById('answer').textContent = 'x'.repeat(1e8)"),
    "huge-attribute": script("document.getElementById('answer').title = 'x'.repeat(1e8)"),
    "many-scripts": SHOWN + "".join(f"<script src=/beat/{n}></script>" for n in range(10_000)),
    "many-fetches": script("for (let n = 0; n < 10000; n++) fetch('/beat/' + n)"),
    "many-sockets": script("for (let n = 0; n < 1000; n++) new WebSocket('ws://' + location.host + '/beat')"),
    # windows, dialogs, prompts
    "open-loop": script("for (let n = 0; n < 500; n++) open('/beat/opened', '_blank')"),
    "open-timer": script("setInterval(() => open('/beat/opened'), 1)"),
    "print-loop": script("setInterval(() => print(), 1)"),
    "dialog-timer": script("setInterval(() => { alert(1); confirm(2); prompt(3); }, 1)"),
    "unload-dialogs": script(
        "for (const name of ['beforeunload', 'unload', 'pagehide', 'visibilitychange'])"
        "addEventListener(name, event => { alert(1); event.preventDefault(); return 'stay'; })"
    ),
    "unload-loop": script(
        "for (const name of ['unload', 'pagehide', 'beforeunload']) addEventListener(name, () => { for (;;); })"
    ),
    "auth-frames": SHOWN + "<iframe src=/auth></iframe><script src=/auth></script><iframe src=/proxy-auth></iframe>",
    "many-downloads": script(
        "const link = document.createElement('a'); link.download = 'x'; link.href = '/download';"
        "document.body.append(link); for (let n = 0; n < 50; n++) link.click();"
        "const blob = document.createElement('a'); blob.download = 'y';"
        "blob.href = URL.createObjectURL(new Blob(['x'.repeat(1e6)]));"
        "document.body.append(blob); setInterval(() => blob.click(), 10)"
    ),
    "download-frames": SHOWN + "<iframe src=/download></iframe>" * 20,
    "fullscreen": script(
        "const show = text => { document.getElementById('answer').textContent = text; };"
        "Promise.allSettled([document.documentElement.requestFullscreen(), document.body.requestPointerLock()])"
        ".then(all => show(all.map(one => one.status).join(' ')))"
    ),
    "asks-for-everything": script(
        "const show = text => { document.getElementById('answer').textContent = text; };"
        "const ask = work => Promise.race([Promise.resolve().then(work).then(String, () => 'denied'),"
        "new Promise(done => setTimeout(done, 600, 'unanswered'))]);"
        "Promise.all([ask(() => Notification.requestPermission()),"
        "ask(() => navigator.mediaDevices.getUserMedia({ audio: true, video: true })),"
        "ask(() => navigator.mediaDevices.getDisplayMedia()),"
        "ask(() => navigator.clipboard.readText()),"
        "ask(() => navigator.usb.requestDevice({ filters: [] })),"
        "ask(() => navigator.bluetooth.requestDevice({ acceptAllDevices: true })),"
        "ask(() => navigator.serial.requestPort()),"
        "ask(() => navigator.hid.requestDevice({ filters: [] })),"
        "ask(() => navigator.requestMIDIAccess({ sysex: true })),"
        "ask(() => showOpenFilePicker()),"
        "ask(() => showDirectoryPicker()),"
        "ask(() => navigator.wakeLock.request('screen')),"
        "ask(() => new Promise((_, no) => navigator.geolocation.getCurrentPosition(() => 0, no))),"
        "ask(() => navigator.storage.persist()),"
        "]).then(all => show(all.join(' ')))"
    ),
    "service-worker": script(
        "const show = text => { document.getElementById('answer').textContent = text; };"
        "ServiceWorkerContainer.prototype.register.call(navigator.serviceWorker, '/service-worker.js')"
        ".then(() => navigator.serviceWorker.getRegistrations()).then(all => show('registered ' + all.length), show)"
    ),
    "shared-worker-page": script("new SharedWorker('/shared-worker/$rest')"),
    # floods
    "flood-local-storage": script(
        "try { for (let n = 0; ; n++) localStorage.setItem('k' + n, 'x'.repeat(1e5)); } catch {}"
        "try { for (let n = 0; ; n++) sessionStorage.setItem('k' + n, 'x'.repeat(1e5)); } catch {}"
    ),
    "flood-cookies": script("for (let n = 0; n < 10000; n++) document.cookie = 'c' + n + '=' + 'x'.repeat(3000)"),
    "flood-indexeddb": script(
        "const open = indexedDB.open('flood');"
        "open.onupgradeneeded = () => open.result.createObjectStore('s', { autoIncrement: true });"
        "open.onsuccess = () => setInterval(() => open.result.transaction('s', 'readwrite').objectStore('s')"
        ".add(new Uint8Array(2e6).fill(Math.random() * 255)), 10)"
    ),
    "flood-caches": script(
        "let n = 0; caches.open('flood').then(cache => setInterval(() =>"
        "cache.put('/c' + n++, new Response(new Uint8Array(2e6))), 10))"
    ),
    "flood-console": lasting(
        "setInterval(() => { for (let n = 0; n < 1000; n++) console.log('x'.repeat(1000), n); }, 0)"
    ),
    "flood-console-large": lasting("const text = 'x'.repeat(1e7); setInterval(() => console.log(text), 0)"),
    "flood-errors": lasting("setInterval(() => { throw new Error('x'.repeat(1e5)); }, 0)"),
    "flood-rejections": lasting(
        "setInterval(() => { for (let n = 0; n < 100; n++) Promise.reject(new Error('x')); }, 0)"
    ),
    "flood-frames": script(
        "setInterval(() => { const f = document.createElement('iframe'); document.body.append(f); f.remove(); }, 0)"
    ),
    "flood-frame-navigations": script(
        "const f = document.createElement('iframe'); document.body.append(f); let n = 0;"
        "setInterval(() => { f.src = '/beat/' + n++; }, 0)"
    ),
    "flood-hash": script("let n = 0; setInterval(() => { for (let i = 0; i < 100; i++) location.hash = n++; }, 0)"),
    "flood-workers": script(
        "const source = URL.createObjectURL(new Blob(['postMessage(1)']));setInterval(() => new Worker(source), 1)"
    ),
    "flood-titles": script("let n = 0; setInterval(() => { document.title = 'x'.repeat(1e5) + n++; }, 0)"),
    "flood-server-events": script("new EventSource('/events')"),
    "flood-beacons": script("setInterval(() => navigator.sendBeacon('/beat/beacon', 'x'.repeat(60000)), 1)"),
    # where a script must not lead
    "to-view-source": script("location.href = 'view-source:' + location.href"),
    "to-file": script("location.href = 'file:///etc/passwd'"),
    "to-data": script("location.href = 'data:text/html,<h1>Data</h1>'"),
    "to-chrome": script("location.href = 'chrome://version'"),
    "to-devtools": script("location.href = 'devtools://devtools/bundled/inspector.html'"),
    "to-ftp": script("location.href = 'ftp://127.0.0.1/x'"),
    "to-mailto": script("location.href = 'mailto:a@example.com'"),
    "to-crash": script("location.href = 'chrome://crash'"),
    "to-kill": script("location.href = 'chrome://inducebrowsercrashforrealz'"),
    "to-file-by-meta": "<meta http-equiv=refresh content='0;url=file:///etc/passwd'>" + SHOWN,
    "file-frames": SHOWN + "<iframe src=file:///etc/passwd></iframe><iframe src=chrome://version></iframe>"
    "<iframe src=view-source:http://127.0.0.1/></iframe>",
    # text
    "odd-title": f"{SHOWN}<p id=title>" + ODD_TITLE.replace("&", "&amp;").replace("<", "&lt;"),
}
