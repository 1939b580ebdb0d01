"""Pages that ask for something of every kind, here and elsewhere; importing this puts them on the site."""

from typing import TYPE_CHECKING

from tests.site.pages import DOCUMENTS, document, page

if TYPE_CHECKING:
    from tests.site.server import Request

TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "woff2": "font/woff2",
    "mp4": "video/mp4",
    "json": "application/json",
    "gif": "image/gif",
}


@page
async def kind(request: "Request") -> None:
    """`/kind/script.js`: a file of the type its name says, for whoever asks from wherever."""
    anyone = (("Access-Control-Allow-Origin", request.hit.headers.get("origin", "*")),)
    content = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;" if request.rest.endswith("gif") else b""
    await request.reply(content, kind=TYPES[request.rest.rpartition(".")[2]], headers=anyone)


KINDS = {
    "stylesheet": "/kind/stylesheet.css",
    "script": "/kind/script.js",
    "font": "/kind/font.woff2",
    "media": "/kind/media.mp4",
    "xhr": "/kind/xhr.json",
    "image": "/kind/image.gif",
}
"""What `/kinds` asks for, by what blocks it."""

DOCUMENTS["kinds"] = f"""<h1>Kinds</h1><link rel=stylesheet href={KINDS["stylesheet"]}>
    <style>@font-face {{ font-family: f; src: url({KINDS["font"]}) }} h1 {{ font-family: f }}</style>
    <script src={KINDS["script"]}></script><video preload=auto src={KINDS["media"]}></video>
    <img src={KINDS["image"]}><p></p><script>
    const request = new XMLHttpRequest(); request.open("GET", "{KINDS["xhr"]}?first"); request.send();
    new EventSource("{KINDS["xhr"]}?second");
    fetch("{KINDS["xhr"]}").catch(() => 0).then(() => {{ document.querySelector("p").textContent = "done"; }});
    </script>"""


@page
async def parts(request: "Request") -> None:
    """`/parts?of=http://other.com`: scripts, fetches and a frame of there, and of here."""
    of = request.ask("of")
    await request.reply(
        document(
            f"""<h1>Parts</h1><p></p><script src=/kind/here.js></script><script src={of}/kind/there.js></script>
            <iframe src={of}/kinds></iframe><script>
            const both = ["", "{of}"].flatMap((origin) => [
              fetch(origin + "/kind/fetched.json"), fetch(origin + "/kind/opaque.json", {{ mode: "no-cors" }}),
            ]);
            Promise.allSettled(both).then(() => {{ document.querySelector("p").textContent = "done"; }});
            </script>"""
        )
    )


@page
async def led_away(request: "Request") -> None:
    """`/led-away?to=http://other.com`: its parts are redirected there, in every way that parts can be."""
    away = f"/away?to={request.ask('to')}/kind"
    await request.reply(
        document(
            f"""<h1>Led away</h1><p></p><script src={away}/script.js></script><iframe src={away}/framed.css></iframe>
            <script>
            const asked = [
              fetch("{away}/cors.json"), fetch("{away}/opaque.json", {{ mode: "no-cors" }}),
              fetch("{away}/posted.json", {{ method: "POST", body: "a" }}),
            ];
            Promise.allSettled(asked).then(() => {{ document.querySelector("p").textContent = "done"; }});
            </script>"""
        )
    )


@page
async def away(request: "Request") -> None:
    """Redirects to `?to=`, whoever asks."""
    headers = (("Location", request.ask("to")), ("Access-Control-Allow-Origin", "*"))
    await request.reply("", status=302, headers=headers)


@page
async def account(request: "Request") -> None:
    """Whom the cookies say it is, and what the page has stored; `?as=` logs in first."""
    name = request.ask("as")
    known = f"session={name}" if name else request.hit.headers.get("cookie", "nobody")
    stores = f"localStorage.name = '{name}'; sessionStorage.name = '{name}';" if name else ""
    await request.reply(
        document(
            f"""<h1>{known}</h1><i id=local></i><i id=session></i><script>{stores}
            document.getElementById("local").textContent = localStorage.name ?? "";
            document.getElementById("session").textContent = sessionStorage.name ?? "";</script>"""
        ),
        headers=(("Set-Cookie", f"session={name}; Path=/; HttpOnly"),) if name else (),
    )


@page
async def forever_asking(request: "Request") -> None:
    """Asks for parts without end, faster than anybody can answer."""
    await request.reply(
        document(
            """<h1>Asking</h1><script>let n = 0;
            const more = () => { for (let i = 0; i < 50; i++) fetch("/beat/" + n++).catch(() => 0); setTimeout(more); };
            more();</script>"""
        )
    )
