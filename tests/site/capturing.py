"""Pages that are made into files; importing this puts them on the site."""

from typing import TYPE_CHECKING

from tests.site.pages import DOCUMENTS, page

if TYPE_CHECKING:
    from tests.site.server import Request

ARTICLE = """<!DOCTYPE html>
<html lang="en-GB"><head>
<base href="/shop/"><title>  A  chair &amp; a
table </title>
<meta name="description" content="Both of oak."><meta name="Robots" content="noindex">
<meta property="og:title" content="Chair"><meta property="og:image" content="/a.png">
<meta property="og:image" content="/b.png"><meta property="article:published_time" content="2024-05-01">
<meta name="twitter:card" content="summary"><meta charset="utf-8">
<link rel="canonical" href="chair"><link rel="shortcut icon" href="/favicon.ico">
<script type="application/ld+json">{"@type": "Product", "name": "Chair"}</script>
<style>p { color: red }</style></head>
<body><nav><a href="/">Home</a></nav><h1>Chair</h1>
<p>Made of <b>oak</b>, see <a href="oak?a=1&amp;b=2" rel="nofollow">the  wood</a>
or <a href="oak?a=1&amp;b=2">again</a>.</p>
<img src="chair.png" alt="A chair"><p hidden>Nobody sees this.</p>
<table><tr><th>Part</th><th>Price</th></tr><tr><td>Leg</td><td>£5</td></tr></table>
<pre><code>x = 1
y = 2</code></pre>
<a href="mailto:a@example.com">Mail</a><a href="javascript:alert(1)">No</a><a href="#top">Top</a>
<script>document.body.dataset.ran = "yes";</script></body></html>"""


@page
async def article(request: "Request") -> None:
    await request.reply(ARTICLE)


@page
async def red_image(request: "Request") -> None:
    """A red GIF of one pixel."""
    gif = b"GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    await request.reply(gif, kind="image/gif")


DOCUMENTS["shows-an-image"] = "<style>* { margin: 0 } img { width: 100px; height: 100px }</style><img src=/red-image>"
DOCUMENTS["red"] = "<style>* { margin: 0 } body { background: #f00 }</style>"
DOCUMENTS["tall"] = "<h1>Tall</h1><div style='height: 40000px; width: 2000px'></div>"
DOCUMENTS["wide"] = "<h1>Wide</h1><div style='height: 40000px; width: 20000px'></div>"
DOCUMENTS["short"] = "<style>* { margin: 0 }</style><div style='height: 900px'></div>"
DOCUMENTS["endless-height"] = (
    "<h1>Grows</h1><script>setInterval(() => document.body.append(document.createElement('p')), 5)</script>"
)
DOCUMENTS["no-font"] = (
    "<style>@font-face { font-family: late; src: url(/silent) } h1 { font-family: late }</style><h1>Font</h1>"
)
DOCUMENTS["deep-nesting"] = "<!DOCTYPE html><h1>Deep</h1>" + "<div>" * 100_000 + "bottom"
DOCUMENTS["grown"] = (
    "<h1>Grown</h1><script>for (let i = 0; i < 6; i++) document.body.append('x'.repeat(1024 * 1024))</script>"
)
DOCUMENTS["odd-characters"] = (
    "<h1>Odd</h1><p></p><script>document.querySelector('p').textContent = 'a\\0b\\ud800c';"
    "document.title = 't\\0\\udfff'</script>"
)
DOCUMENTS["boxes"] = """
    <style>* { margin: 0 } main { position: absolute; top: 0; height: 3000px } button { position: absolute; top: 2500px;
    left: 20px; width: 200px; height: 40px } b { display: none }</style>
    <main><button id=buy class="big red" data-testid=buy type=button>Buy<b> now</b></button></main>"""
DOCUMENTS["many-elements"] = "<i>x</i>" * 20_100
DOCUMENTS["many-links"] = "".join(f"<a href=/{n}>{n}</a>" for n in range(12_000))
DOCUMENTS["lazy"] = "<h1>Lazy</h1><div style='height: 20000px'></div><img loading=lazy src=/silent>"
DOCUMENTS["rendered-by-a-timer"] = (
    "<div id=app></div><noscript>Scripts?</noscript>"
    "<script>setTimeout(() => { app.innerHTML = '<h1>Rendered</h1>' }, 1000)</script>"
)
DOCUMENTS["shown"] = """<nav style="display: none"><p>menu</p></nav><style>.off { display: none }</style><h1>Shown</h1>
<p class=off>off</p><div style="display: contents"><p>contents</p></div><a href="javascript:alert(1)">script</a>
<img src="data:image/png;base64,AAAA" alt="inline"><textarea>typed</textarea>
<details><summary>More</summary>folded</details>
<shop-card style="display: block">one</shop-card><shop-card style="display: block">two</shop-card>
<div id=host>slotted</div><iframe srcdoc="<p>framed</p>"></iframe>
<script>host.attachShadow({ mode: "open" }).innerHTML = "<p>shadow <slot></slot></p>"</script>"""
DOCUMENTS["vast-table"] = (
    "<h1>Vast</h1><table id=table></table><script>"
    "table.innerHTML = '<tr>' + '<td>a'.repeat(1000) + '<tr><td>b'.repeat(10000)</script>"
)
DOCUMENTS["many-attributes"] = (
    "<h1>Attributes</h1><script>const p = document.createElement('p'); p.append('text'); document.body.append(p);"
    "for (let i = 0; i < 20000; i++) p.setAttribute('a' + i, '')</script>"
)
DOCUMENTS["deep-nest-by-script"] = (
    "<h1>Deep</h1><script>let inner = document.body; for (let i = 0; i < 2000; i++) {"
    "const div = document.createElement('div'); inner.append(div); inner = div } inner.append('bottom')</script>"
)
DOCUMENTS["long-links"] = (
    "<script>for (let i = 0; i < 1000; i++) { const a = document.createElement('a');"
    "a.href = '/' + i + '?' + 'x'.repeat(8000); document.body.append(a) }</script>"
)
DOCUMENTS["fields-for-properties"] = (
    "<img name=body><img name=documentElement><form name=querySelectorAll></form><form name=images></form>"
    "<form name=fonts></form><h1>Odd names</h1><svg><title>Not this</title><a href=/inside>svg</a></svg>"
)
DOCUMENTS["two-icons"] = (
    "<link rel='shortcut ICON' href=data:image/png;base64,AAAA><link rel='alternate icon' href=/i.png>"
    "<link rel=canonical href='javascript:alert(1)'>"
)
