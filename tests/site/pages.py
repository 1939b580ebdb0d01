"""What the site serves: one function for each page, named by the first part of its path."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tests.site.server import Request

Page = Callable[["Request"], Awaitable[None]]

T = TypeVar("T")


class Shelf(dict[str, T]):
    """What is served, by name: a name that is taken is no name for another."""

    def __setitem__(self, name: str, content: T) -> None:
        assert name not in self, f"/{name} is served already"
        super().__setitem__(name, content)

    def __ior__(self, more: Mapping[str, T]) -> "Shelf[T]":  # type: ignore[override,misc]
        for name, content in more.items():
            self[name] = content
        return self


PAGES: Shelf[Page] = Shelf()


def page(function: Page) -> Page:
    """Serve `function` at its own name, with - for _."""
    PAGES[function.__name__.replace("_", "-")] = function
    return function


async def answer(request: "Request") -> None:
    """Answer with the page that the path names; `/html/<key>` serves what DOCUMENTS holds."""
    name = request.hit.path.strip("/").partition("/")[0]
    if name in PAGES:
        await PAGES[name](request)
    elif name in DOCUMENTS:
        await request.reply(document(DOCUMENTS[name].replace("$rest", request.rest)))
    else:
        await request.reply("<h1>No such page</h1>", status=404)


def document(body: str) -> str:
    """A whole document around `body`."""
    return f"<!doctype html><html><head><meta charset=utf-8><title>Site</title></head><body>{body}</body></html>"


# -------------------------------------------------------------------- a small shop


def product(number: str) -> dict[str, object]:
    """Product `number`, always the same."""
    seed = sum(map(ord, number))
    return {
        "title": f"Product {number}",
        "price": f"${seed % 90 + 10}.99",
        "tags": [f"tag-{seed % 7}", f"tag-{seed % 5 + 10}"],
        "image": f"/images/{number}.png",
    }


def product_html(number: str) -> str:
    """The same product as markup, as both the static and the scripted page show it."""
    found = product(number)
    tags = "".join(f"<li class=tag>{tag}</li>" for tag in found["tags"])  # type: ignore[attr-defined]
    return (
        f"<h1>{found['title']}</h1><span class=price>{found['price']}</span>"
        f"<ul>{tags}</ul><img src={found['image']}><a class=next href='/static/next?after={number}'>Next</a>"
    )


@page
async def static(request: "Request") -> None:
    await request.reply(document(product_html(request.rest)))


@page
async def api(request: "Request") -> None:
    """The JSON behind `/spa/<n>`, after `?ms=` milliseconds."""
    await asyncio.sleep(int(request.ask("ms", "0")) / 1000)
    await request.reply(
        json.dumps({**product(request.rest), "html": product_html(request.rest)}), kind="application/json"
    )


@page
async def echo(request: "Request") -> None:
    """A document around the markup in `?html=`."""
    await request.reply(document(request.ask("html")))


@page
async def spa(request: "Request") -> None:
    """An empty shell that fetches its product and then renders it; `beat`: asks for `/beat` so many ms later."""
    beat = f"setTimeout(() => fetch('/beat'), {request.ask('beat')});" if request.ask("beat") else ""
    await request.reply(
        document(
            f"""<div id=app><p class=loading>Loading…</p></div><script>
            {beat}fetch("/api/{request.rest}?ms={request.ask("ms", "0")}").then(answer => answer.json())
              .then(product => {{ document.getElementById("app").innerHTML = product.html; }});
            </script>"""
        )
    )


@page
async def list(request: "Request") -> None:  # noqa: A001  (the page is called /list)
    """`?n=` items, the odd ones with a link."""
    items = "".join(
        f"<li class=item data-id={number}>Item {number}{f' <a href=/static/{number}>go</a>' if number % 2 else ''}</li>"
        for number in range(int(request.ask("n", "20")))
    )
    await request.reply(document(f"<ul>{items}</ul>"))


# -------------------------------------------------------------------- answers of every kind


@page
async def slow(request: "Request") -> None:
    await asyncio.sleep(int(request.ask("ms", "500")) / 1000)
    await request.reply(document("<h1>Slow</h1>"))


@page
async def status(request: "Request") -> None:
    """`/status/503?retry-after=7&empty=1`."""
    headers = (("Retry-After", request.ask("retry-after")),) if request.ask("retry-after") else ()
    code = int(request.rest)
    body = "" if request.ask("empty") or code in (204, 304) else document(f"<h1>{code}</h1>")
    await request.reply(body, status=code, headers=headers)


@page
async def auth(request: "Request") -> None:
    """Asks for a name and a password."""
    challenge = ("WWW-Authenticate", 'Basic realm="x"')
    await request.reply(document("<h1>Who?</h1>"), status=401, headers=(challenge,))


@page
async def flaky(request: "Request") -> None:
    """`/flaky/<key>?fail=2`: fails so many times with 500, then works."""
    failures = request.site.failures
    failures[request.rest] = failures.get(request.rest, 0) + 1
    if failures[request.rest] <= int(request.ask("fail", "1")):
        await request.reply(document("<h1>Not yet</h1>"), status=500)
    else:
        await request.reply(document(product_html(request.rest)))


@page
async def redirect(request: "Request") -> None:
    """`/redirect?to=/static/1&code=302`."""
    await request.reply("", status=int(request.ask("code", "302")), headers=(("Location", request.ask("to")),))


@page
async def redirect_loop(request: "Request") -> None:
    await request.reply("", status=302, headers=(("Location", "/redirect-loop"),))


@page
async def script_redirect(request: "Request") -> None:
    """Goes on by script, after `?ms=`; meanwhile it shows a heading that a hasty reader would take."""
    delay, to = request.ask("ms", "0"), request.ask("to")
    await request.reply(
        document(f"<h1>On the way</h1><script>setTimeout(() => location.href = '{to}', {delay})</script>")
    )


@page
async def inline_redirect(request: "Request") -> None:
    """Goes on by script before it is even parsed."""
    await request.reply(document(f"<h1>On the way</h1><script>location.href = '{request.ask('to')}'</script>"))


@page
async def meta_redirect(request: "Request") -> None:
    await request.reply(
        f"<!doctype html><meta http-equiv=refresh content='{request.ask('s', '0')};url={request.ask('to')}'>"
        "<h1>On the way</h1>"
    )


@page
async def script_loop(request: "Request") -> None:
    """Two pages that lead to each other for ever."""
    await request.reply(document(f"<script>location.href = '/script-loop/{request.rest}x'</script>"))


@page
async def reset(request: "Request") -> None:
    request.reset()


@page
async def reset_body(request: "Request") -> None:
    """Promises more than it sends, then cuts the connection."""
    await request.head(200, (("Content-Type", "text/html"), ("Content-Length", "100000")))
    await request.write(b"<h1>Half</h1>")
    request.reset()


@page
async def endless(request: "Request") -> None:
    """A document that never ends."""
    request.keep = False
    await request.head(200, (("Content-Type", "text/html"), ("Connection", "close")))
    await request.write(b"<!doctype html><h1>Endless</h1>")
    while True:
        await request.write(b"<p>more</p>" * 10)
        await asyncio.sleep(0.02)


@page
async def silent(request: "Request") -> None:
    await request.forever()


@page
async def download(request: "Request") -> None:
    disposition = ("Content-Disposition", "attachment; filename=data.bin")
    await request.reply(b"\x00" * 1000, kind="application/octet-stream", headers=(disposition,))


@page
async def pdf(request: "Request") -> None:
    await request.reply(b"%PDF-1.4\n%%EOF", kind="application/pdf")


@page
async def picture(request: "Request") -> None:
    await request.reply(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", kind="image/gif")


@page
async def images(request: "Request") -> None:
    await picture(request)


@page
async def plain(request: "Request") -> None:
    await request.reply("just text", kind="text/plain")


@page
async def data(request: "Request") -> None:
    await request.reply('{"a": 1}', kind="application/json")


@page
async def xml(request: "Request") -> None:
    await request.reply("<?xml version='1.0'?><root><item>One</item></root>", kind="application/xml")


@page
async def garbage(request: "Request") -> None:
    """Not HTTP at all."""
    request.keep = False
    await request.write(b"HTTP/9.9 nonsense\r\n\x00\x01\r\n\r\n")


async def cached_script(request: "Request") -> None:
    """A script that may be kept for an hour."""
    headers = (("Cache-Control", "max-age=3600"),)
    body = "document.querySelector('h1').textContent = 'Cached'"
    await request.reply(body, kind="text/javascript", headers=headers)


PAGES["cached.js"] = cached_script


async def robots_txt(request: "Request") -> None:
    """What the site's `robots` says: a text, or a status that it answers with."""
    said = request.site.robots
    if isinstance(said, str):
        await request.reply(said, kind="text/plain")
    else:
        await request.reply("", status=said, headers=(("Location", "/robots-moved.txt"),) if said == 301 else ())


async def robots_moved(request: "Request") -> None:
    await request.reply("User-agent: *\nDisallow: /static/moved", kind="text/plain")


PAGES["robots.txt"] = robots_txt
PAGES["robots-moved.txt"] = robots_moved


@page
async def beat(request: "Request") -> None:
    """What pages call to show that they are still alive."""
    await request.reply("", status=204)


@page
async def text_values(request: "Request") -> None:
    """Values that are hard to carry; the halves of surrogates can only be made by script."""
    await request.reply(
        document(
            """<p id=unicode>  naïve \u2028 日本 \U0001f600\u202e  </p><p id=nul></p><p id=half data-half></p>
            <p id=folded>  a\n\n  b\t c&nbsp;d </p>
            <div id=mixed>one<script>var hidden = 1</script><style>p { color: red }</style> two</div>
            <script id=ld type="application/ld+json">{"a": 1}</script>
            <script>
            document.getElementById("nul").textContent = "a\\0b";
            document.getElementById("half").textContent = "x\\ud800y";
            document.getElementById("half").setAttribute("data-half", "\\udfff");
            </script>"""
        )
    )


@page
async def big_data(request: "Request") -> None:
    """JSON-LD of `?bytes=`."""
    data = json.dumps({"name": "Chair", "text": "x" * int(request.ask("bytes"))})
    await request.reply(document(f"<h1>Big</h1><script type=application/ld+json>{data}</script>"))


@page
async def big_value(request: "Request") -> None:
    """`/big-value?bytes=70000&items=1`."""
    text = "x" * int(request.ask("bytes", "70000"))
    await request.reply(document(f"<p>{text}</p>" * int(request.ask("items", "1"))))


@page
async def heavy(request: "Request") -> None:
    """Many cards, rendered by script in slices."""
    cards = int(request.ask("n", "2000"))
    await request.reply(
        document(
            f"""<main></main><script>
            const main = document.querySelector("main");
            let made = 0;
            const slice = () => {{
              const end = Math.min(made + 100, {cards});
              for (; made < end; made++)
                main.insertAdjacentHTML("beforeend", `<article><h2>Card ${{made}}</h2></article>`);
              if (made < {cards}) setTimeout(slice, 5);
            }};
            slice();
            </script>"""
        )
    )


@page
async def deep(request: "Request") -> None:
    depth = int(request.ask("depth", "2000"))
    await request.reply(document("<div>" * depth + "<b id=bottom>bottom</b>"))


@page
async def who(request: "Request") -> None:
    """Shows what an earlier page left behind for it, then leaves something behind itself."""
    cookie = request.hit.headers.get("cookie", "")
    await request.reply(
        document(
            f"""<i id=sent>{cookie}</i><i id=cookie></i><i id=local></i><i id=session></i><i id=name></i><i id=idb></i>
            <script>
            const show = (id, value) => {{ document.getElementById(id).textContent = value ?? ""; }};
            show("cookie", document.cookie);
            show("local", localStorage.getItem("mark"));
            show("session", sessionStorage.getItem("mark"));
            show("name", window.name);
            document.cookie = "mark=1; path=/";
            localStorage.setItem("mark", "1");
            sessionStorage.setItem("mark", "1");
            window.name = "mark";
            const open = indexedDB.open("marks");
            open.onupgradeneeded = event => show("idb", event.oldVersion === 0 ? "new" : "old");
            open.onsuccess = () => {{
              if (!document.getElementById("idb").textContent) show("idb", "old");
              open.result.close();
            }};
            </script>"""
        ),
        headers=(("Set-Cookie", "server=1; Path=/"),),
    )


# -------------------------------------------------------------------- documents that need no server's help

DOCUMENTS: Shelf[str] = Shelf()
DOCUMENTS |= {
    "late": """<h1>Late</h1><script>setTimeout(() => document.body.insertAdjacentHTML("beforeend",
        "<p id=late>here</p>"), 1000)</script>""",
    "busy": "<h1>Busy</h1><script>for (;;);</script>",
    "busy-later": "<h1>Busy</h1><script>setTimeout(() => { for (;;); }, 30)</script>",
    "restless": """<h1>Restless</h1><p id=clock></p><script>
        setInterval(() => { document.getElementById("clock").textContent = performance.now(); }, 5)</script>""",
    "growing": """<h1>Growing</h1><script>
        setInterval(() => document.body.append(document.createElement("i")), 5)</script>""",
    "hanging-image": "<h1>Shown</h1><img src=/silent>",
    "hanging-frame": "<h1>Shown</h1><iframe src=/silent></iframe>",
    "hanging-fetch": "<h1>Shown</h1><script>fetch('/silent')</script>",
    "dialogs": """<h1>Dialogs</h1><p id=answer></p><script>
        alert("1"); document.getElementById("answer").textContent = String(confirm("2")) + prompt("3")</script>""",
    "dialog-loop": "<h1>Dialogs</h1><script>for (;;) alert('again')</script>",
    "unload-dialog": """<h1>Stay</h1><script>
        onbeforeunload = event => { event.preventDefault(); return "stay"; }</script>""",
    "popups": """<h1>Popups</h1><a id=link target=_blank href=/beat/link>x</a>
        <form id=form target=_blank action=/beat/form></form><script>
        window.open("/beat/open");
        document.getElementById("link").click();
        document.getElementById("form").submit();</script>""",
    "beating": """<h1>Beating</h1><script>setInterval(() => fetch("/beat/page"), 20);
        const source = "setInterval(() => fetch('" + location.origin + "/beat/worker', {mode: 'no-cors'}), 20)";
        new Worker(URL.createObjectURL(new Blob([source])));</script>""",
    "liar": """<h1>Truth</h1><ul><li>one</li><li>two</li></ul><script>
        for (const proto of [Document.prototype, Element.prototype])
          proto.querySelector = proto.querySelectorAll = proto.getAttribute = () => { throw new Error("no"); };
        Object.defineProperty(Node.prototype, "textContent", { get: () => "Lie" });
        document.querySelector = document.evaluate = () => null;
        Array.prototype.map = Array.prototype.slice = Array.from = () => ["Lie"];
        String.prototype.trim = String.prototype.replace = () => "Lie";
        Object.prototype.toJSON = Array.prototype.toJSON = () => "Lie";
        JSON.stringify = () => '"Lie"';
        performance.getEntriesByType = () => [{ responseStatus: 500 }];
        performance.now = () => 1e12;
        for (const name of ["fetchStart", "connectEnd", "responseStart", "loadEventStart"])
          Object.defineProperty(PerformanceNavigationTiming.prototype, name, { get: () => 1e12 });
        window.setTimeout = window.Promise = window.MutationObserver = window.scrpy = undefined;</script>""",
    "timer-killer": """<h1>Timers</h1><script>
        setInterval(() => { for (let id = 0; id < 1000; id++) clearTimeout(id); }, 1)</script>""",
    "talking": """<h1>Talking</h1><script>
        console.log("first", 1, { a: 2 });
        console.warn("x".repeat(600));
        console.error("\\0 \\ud800");
        throw new Error("nobody caught this");</script>""",
    "chatter": """<h1>Chatter</h1><script>
        for (let n = 0; n < 2000; n++) console.log("message", n);</script>""",
    "shouting": """<h1>Shouting</h1><script>
        for (let n = 0; n < 9; n++) console.log(n + "!".repeat(600_000));</script>""",
    "last-words": """<h1>Leaving</h1><script>console.log("on my way"); location.href = "/static/1";</script>""",
    "mumbling": """<h1>Mumbling</h1><script>
        setInterval(() => console.log("still " + location.search), 1)</script>""",
    "self-refresh": """<meta http-equiv=refresh content="1; url=/self-refresh"><h1>Refreshing</h1>""",
    "dead-end": "<script>location.href = 'http://127.0.0.1:1/'</script>",
    "bombard": """<h1>Bombard</h1><script>setInterval(() => { location.href = "/static/stolen"; }, 200)</script>""",
    "patient-bombard": """<h1>Bombard</h1><script>window.name = "mine";
        let tries = 0;
        setInterval(() => {
            if (!window.name && tries++ < 5) { location.href = "/static/stolen"; fetch("/beat"); }
        }, 10)
        </script>""",
    "hash": """<h1>Hash</h1><p id=hash></p><p id=loads></p><script>
        document.getElementById("hash").textContent = location.hash;
        window.times = (window.times || 0) + 1;
        document.getElementById("loads").textContent = window.times;</script>""",
    "history": """<p id=length></p><script>
        document.getElementById("length").textContent = history.length;</script>""",
    "cached-script": "<h1></h1><script src=/cached.js></script>",
    "rewritten": """<h1>Before</h1><script>addEventListener("load", () => setTimeout(() => {
        document.open(); document.write("<h2>After</h2>"); document.close(); }, 100))</script>""",
    "script-document": """<h1>Before</h1><script>
        setTimeout(() => { location.href = "javascript:'<h2>After</h2>'"; }, 100)</script>""",
    "blob-document": """<h1>Before</h1><script>setTimeout(() => {
        location.href = URL.createObjectURL(new Blob(["<h2>After</h2>"], { type: "text/html" })); }, 100)</script>""",
    "push-state": """<h1>Pushed</h1><script>history.pushState({}, "", "/static/pushed")</script>""",
    "history-flood": """<h1>Flooding</h1><script>setInterval(() => {
        for (let i = 0; i < 2000; i++) try { history.pushState({}, "", "/flooded/" + i); } catch {} }, 0)</script>""",
    "long-text": """<h1>Long</h1><p></p><script>
        document.querySelector("p").textContent = "x".repeat(100000)</script>""",
    "led-nowhere": """<h1>Before</h1><script>location.href = "about:blank"</script>""",
    "downloads": """<h1>Shown</h1><script>location.href = "/download"</script>""",
    "no-content": """<h1>Shown</h1><script>location.href = "/status/204"</script>""",
    "frames": """<h1>Frames</h1><iframe src="/who"></iframe>""",
    "webrtc": """<h1>WebRTC</h1><p id=candidates></p><script>
        const found = []; const peer = new RTCPeerConnection(); peer.createDataChannel("x");
        peer.onicecandidate = event => {
          if (event.candidate) found.push(event.candidate.candidate);
          else document.getElementById("candidates").textContent = "done " + found.length;
        };
        peer.createOffer().then(offer => peer.setLocalDescription(offer));</script>""",
    "permissions": """<h1>Permissions</h1><p id=answer></p><script>
        const show = text => { document.getElementById("answer").textContent = text; };
        navigator.geolocation.getCurrentPosition(() => show("granted"), () => show("denied"));</script>""",
}
