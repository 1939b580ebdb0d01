"""Pages that show something only to those who click, type or scroll; importing this puts them on the site."""

from typing import TYPE_CHECKING

from tests.site.pages import DOCUMENTS, document, page

if TYPE_CHECKING:
    from tests.site.server import Request

MEMBER = "alice"
SECRET = "open sesame"


@page
async def welcome(request: "Request") -> None:
    """Where the form of `/log-in` leads."""
    known = (request.ask("name"), request.ask("secret")) == (MEMBER, SECRET)
    await request.reply(document(f"<h1>{'Welcome' if known else 'Who are you?'}</h1>"))


@page
async def feed(request: "Request") -> None:
    """`/feed/35?batch=10`: so many items, a batch more whenever the end comes into view, from the server."""
    await request.reply(document(FEED % {"most": request.rest, "batch": request.ask("batch", "10")}))


@page
async def batch(request: "Request") -> None:
    """The items that `/feed` asks for."""
    first, last = (int(request.ask(name)) for name in ("from", "to"))
    items = "".join(f"<li class=item>Item {number}</li>" for number in range(first, last))
    await request.reply(items)


@page
async def attachment(request: "Request") -> None:
    await request.reply("bytes", headers=(("Content-Disposition", "attachment; filename=a.bin"),))


FEED = """<h1>Feed</h1><style>li { height: 100px }</style><ul id=items></ul><p id=end>…</p><script>
    const items = document.getElementById("items"), end = document.getElementById("end");
    let loading = false;
    const more = async () => {
      const from = items.childElementCount, to = Math.min(%(most)s, from + %(batch)s);
      if (loading || from === to) return;
      loading = true;
      const answer = await fetch(`/batch?from=${from}&to=${to}`);
      items.insertAdjacentHTML("beforeend", await answer.text());
      loading = false;
      if (end.getBoundingClientRect().top < innerHeight) more();
    };
    new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) more(); }).observe(end);
    </script>"""

SAY = "document.querySelector('h1').textContent = "


def script(source: str) -> str:
    return f"<script>{source}</script>"


DOCUMENTS |= {
    "controls": f"""<h1>Nothing yet</h1>
        <style>
          #covered {{ position: relative }} #cover {{ position: absolute; inset: 0 }}
          @keyframes wander {{ to {{ margin-left: 300px }} }}
          #moving {{ animation: wander 1s infinite alternate linear }}
          #menu ul {{ display: none }} #menu:hover ul {{ display: block }}
        </style>
        <button id=button onclick="{SAY} 'Clicked'">Click</button>
        <button id=hidden style="display: none">Hidden</button>
        <button id=disabled disabled>Disabled</button>
        <div id=covered><button>Covered</button><div id=cover></div></div>
        <button id=moving>Moving</button>
        <input id=input value=before oninput="{SAY} this.value" onkeydown="keys.textContent += event.key + ' '">
        <input id=fixed readonly value=fixed>
        <p id=keys></p>
        <select id=select multiple onchange="{SAY} [...this.selectedOptions].map((one) => one.value)">
          <option value=r>Red</option><option value=g>Green</option><option value=b>Blue</option>
        </select>
        <div id=menu>Menu <ul onmouseover="{SAY} 'Open'"><li><button onclick="{SAY} 'Chosen'">Choose</button></ul></div>
        <a id=link href=/static/7>Product</a> <a id=file href=/attachment>File</a>
        <a id=tab target=_blank href=/beat/tab>Tab</a>
        <button id=soon onclick="setTimeout(() => {{ location.href = '/static/8' }}, 0)">Soon</button>
        <button id=leaves onclick="
          location.href = '/static/9'; for (const until = Date.now() + 200; Date.now() < until;);">Go</button>
        <p style="height: 3000px"></p><button id=far onclick="{SAY} 'Far'">Far</button>
        {script("addEventListener('scroll', () => { keys.textContent = `${scrollX} ${scrollY}`; })")}""",
    "log-in": """<h1>Log in</h1><form action=/welcome>
        <input name=name> <input name=secret type=password> <button>Log in</button></form>""",
    "late-button": "<h1>Nothing yet</h1>"
    + script(
        f"setTimeout(() => {{ document.body.insertAdjacentHTML('beforeend', `<button onclick=\"{SAY} 'Clicked'\">"
        "Late</button>`); }, 1200)"
    ),
    "box": """<h1>Box</h1><style>body { margin: 0; height: 100vh; overflow: hidden }
        #box { height: 300px; overflow: auto }
        li { height: 100px }</style><div id=box><ul></ul></div>"""
    + script("""const box = document.getElementById("box"), list = box.firstChild;
        const more = () => { for (let n = 0; n < 10; n++) list.insertAdjacentHTML("beforeend", "<li>Item</li>"); };
        more();
        box.onscroll = () => {
          const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 5;
          if (atEnd && list.childElementCount < 40) more();
        };"""),
    "lazy-items": """<h1>Lazy</h1><style>p { height: 400px }</style><div id=list></div>"""
    + script("""for (let n = 0; n < 20; n++) list.insertAdjacentHTML("beforeend", `<p data-n=${n}>…</p>`);
        const show = (entries, observer) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
          target.className = "shown"; target.textContent = `Item ${target.dataset.n}`;
        });
        const observer = new IntersectionObserver(show);
        for (const each of list.children) observer.observe(each);"""),
    "hangs": "<h1>Nothing yet</h1><button id=hang onclick='for (;;);'>Hang</button><button id=other>Other</button>",
    "falsified": "<h1>Nothing yet</h1>"
    + script("""const lie = () => null, none = () => [];
        Document.prototype.querySelector = Element.prototype.querySelector = lie;
        Document.prototype.querySelectorAll = Element.prototype.querySelectorAll = none;
        Document.prototype.evaluate = lie; Document.prototype.elementFromPoint = lie;
        Element.prototype.getBoundingClientRect = lie; Element.prototype.checkVisibility = lie;
        Element.prototype.matches = lie; HTMLElement.prototype.focus = lie; window.scrollBy = window.scrollTo = lie;
        Element.prototype.scrollTo = lie; Element.prototype.scrollIntoView = lie; window.getComputedStyle = lie;
        window.requestAnimationFrame = lie; window.setTimeout = lie; JSON.stringify = lie; window.Promise = class {};
        Array.prototype.map = Array.prototype.filter = Array.from = none; Object.entries = none;
        Map.prototype.get = lie;
        EventTarget.prototype.dispatchEvent = lie; window.Event = lie; window.eval = lie;""")
    + """<button onclick="document.getElementsByTagName('h1')[0].textContent = 'Clicked'">Click</button>
        <input oninput="document.getElementsByTagName('h2')[0].textContent = this.value"><h2></h2>""",
    "flees": "<h1>Nothing yet</h1><button style='position: absolute'>Catch me</button>"
    + script("""const it = document.querySelector("button"); let n = 0;
        const flee = () => { it.style.left = `${n++ * 37 % 400}px`; it.style.top = `${n * 53 % 300}px`;
          requestAnimationFrame(flee); };
        flee();"""),
    "adds": f"""<h1>0</h1><button onclick="{SAY} Number(document.querySelector('h1').textContent) + 1">Add</button>""",
    "shadowed": "<h1>Nothing yet</h1><div></div>"
    + script(f"""document.querySelector("div").attachShadow({{ mode: "open" }}).innerHTML =
        `<button onclick="{SAY} 'Clicked'">Inside</button>`;"""),
}
