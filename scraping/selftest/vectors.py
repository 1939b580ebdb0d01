"""Every way in which a page could make a browser reach inside, each tried against every kind of inside address.

A vector's markup is repeated for each aim, with `$http` and the like filled in; its script runs once for each aim, as
the body of `async (aim, ran) => { … }`. What happens to the attempt is no concern of the page's: canaries watch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Template


@dataclass(frozen=True)
class Aim:
    """One inside address, as a vector may write it."""

    host: str
    port: int
    site: str
    """The origin that the page itself comes from."""

    @property
    def addresses(self) -> dict[str, str]:
        """By the names that markup, headers and scripts use."""
        pair = f"{self.host}:{self.port}"
        schemes = {scheme: f"{scheme}://{pair}" for scheme in ("http", "https", "ws", "wss", "ftp", "file")}
        return {**schemes, "host": self.host, "pair": pair, "site": self.site}

    def fill(self, text: str) -> str:
        """`text` with this aim's addresses in it."""
        return Template(text).substitute(self.addresses)


@dataclass(frozen=True)
class Vector:
    """One way inside.

    Args:
        name: what the report calls it.
        markup, script, headers, status: what its page consists of.
        leaves: the page goes elsewhere, so that each aim needs a visit of its own.
        silent: the page has no chance to say that it ran; that it was fetched must do.
        secure: the page has to come over TLS.
        spelling: a way to write this machine's address, tried instead of the usual aims.
        names: kinds of names that the check's resolver knows, tried instead of the usual aims.
        peers: where the attempt would be seen, if not at a canary's port.
        by: who is to try it.
    """

    name: str
    markup: str = ""
    script: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    leaves: bool = False
    silent: bool = False
    secure: bool = False
    spelling: str | None = None
    names: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    by: str = "a page"

    @property
    def framed(self) -> bool:
        """Whether it works from a frame, too."""
        return self.by == "a page" and not (self.leaves or self.name in NOT_IN_FRAMES)

    def page(self, aims: Iterable[Aim], *, report: str = "tried.then(say)") -> str:
        """The whole document; `report` is the script that says what became of it."""
        aims = tuple(aims)
        markup = "\n".join(aim.fill(self.markup) for aim in aims)
        given = ", ".join("{" + ", ".join(f"{k}: {v!r}" for k, v in aim.addresses.items()) + "}" for aim in aims)
        return PAGE.substitute(markup=markup, script=self.script, aims=given, report=report)


PAGE = Template("""<!doctype html><meta charset="utf-8"><title>A hostile page</title>
<script>
  class Unsupported extends Error {}
  const need = (name, found = globalThis[name]) => { if (!found) throw new Unsupported(name); };
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const within = (ms, work) => Promise.race([work, wait(ms)]);
  const say = (what) => fetch("/said" + location.pathname + "?" + encodeURIComponent(what), {keepalive: true});
  const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
  const blob = (text, type) => URL.createObjectURL(new Blob([text], {type}));
  const attack = async (aim, ran) => { $script };
  const loaded = new Promise((resolve) => addEventListener("load", resolve));
  const tried = loaded.then(async () => {
    const ends = await Promise.allSettled([$aims].map((aim) => within(5000, attack(aim, () => say("ran")))));
    return ends.find((end) => end.reason instanceof Unsupported)?.reason.message ?? "ran";
  });
  $report
</script>
<body>$markup
""")


def _redirects() -> Iterable[Vector]:
    for status in (301, 302, 303, 307, 308):
        yield Vector(f"redirect {status}", headers=(("Location", "$http/"),), status=status, leaves=True, silent=True)
    yield Vector("redirect to https", headers=(("Location", "$https/"),), status=302, leaves=True, silent=True)
    yield Vector(
        "redirect over a public page",
        headers=(("Location", "$site/to?$http/"),),
        status=302,
        leaves=True,
        silent=True,
    )
    yield Vector("redirect by Refresh header", headers=(("Refresh", "0; url=$http/"),), leaves=True, silent=True)
    yield Vector(
        "redirect by meta refresh", '<meta http-equiv="refresh" content="0; url=$http/">', leaves=True, silent=True
    )


def _navigations() -> Iterable[Vector]:
    scripts = {
        "location": "location.href = aim.http + '/'",
        "location to https": "location.href = aim.https + '/'",
        "location.replace": "location.replace(aim.http + '/')",
        "navigation.navigate": "need('navigation'); navigation.navigate(aim.http + '/')",
        "link clicked": "add(`<a id=a href='${aim.http}/'>a</a>`); a.click()",
        "form GET": "add(`<form id=f action='${aim.http}/'><input name=a value=b></form>`); f.submit()",
        "form POST": "add(`<form id=f method=post action='${aim.http}/'><input name=a></form>`); f.submit()",
        "javascript: address": "location.href = `javascript:location.href='${aim.http}/'`",
        "view-source:": "location.href = 'view-source:' + aim.http + '/'",
        "file:": "location.href = aim.file + '/etc/hosts'",
        "ftp:": "location.href = aim.ftp + '/'",
    }
    for name, script in scripts.items():
        yield Vector(name, script=f"await ran(); {script}", leaves=True)


MARKUP = {
    "img": "<img src='$http/i.png'>",
    "img srcset": "<img srcset='$http/1.png 1x, $http/2.png 2x'>",
    "picture source": "<picture><source srcset='$http/p.webp'><img src='data:,'></picture>",
    "input image": "<input type=image src='$http/i.png'>",
    "body background": "<table background='$http/b.png'><tr><td>b</table>",
    "css background": "<p style='background: url($http/b.png)'>b</p>",
    "css @import": "<style>@import url($http/i.css);</style>",
    "css @font-face": "<style>@font-face { font-family: x; src: url($http/f.woff2) } p { font-family: x }</style>"
    "<p>x</p>",
    "css cursor and mask": "<p style='cursor: url($http/c.cur), auto; mask: url($http/m.svg#m)'>m</p>",
    "link stylesheet": "<link rel=stylesheet href='$http/s.css'>",
    "link icon": "<link rel=icon href='$http/i.ico'>",
    "link manifest": "<link rel=manifest href='$http/m.json'>",
    "link prefetch": "<link rel=prefetch href='$http/p'>",
    "link preload": "<link rel=preload as=fetch href='$http/p'><link rel=preload as=font crossorigin href='$http/f'>"
    "<link rel=preload as=style href='$http/s'>",
    "link modulepreload": "<link rel=modulepreload href='$http/m.js'>",
    "link preconnect": "<link rel=preconnect href='$http'><link rel=preconnect href='$https' crossorigin>",
    "link dns-prefetch": "<link rel=dns-prefetch href='$http'>",
    "link prerender": "<link rel=prerender href='$http/p'>",
    "link compression-dictionary": "<link rel=compression-dictionary href='$http/d'>",
    "script": "<script src='$http/s.js'></script>",
    "script module": "<script type=module src='$http/m.js'></script>",
    "script import": "<script type=module>import '$http/i.js';</script>",
    "iframe": "<iframe src='$http/'></iframe>",
    "iframe of https": "<iframe src='$https/'></iframe>",
    "iframe srcdoc": """<iframe srcdoc="<link rel=stylesheet href='$http/s.css'><img src='$http/i.png'>"></iframe>""",
    "iframe of data:": """<iframe src="data:text/html,<script src='$http/s.js'></script><img src='$http/'>">
        </iframe>""",
    "iframe of javascript:": """<iframe src="javascript:'<script src=$http/s.js></script>'"></iframe>""",
    "iframe of view-source:": "<iframe src='view-source:$http/'></iframe>",
    "iframe of file: and ftp:": "<iframe src='$file/etc/hosts'></iframe><iframe src='$ftp/'></iframe>",
    "iframe redirected": "<iframe src='$site/to?$http/'></iframe>",
    "iframe sandboxed": """<iframe sandbox='allow-scripts' srcdoc="<script>fetch('$http/f')</script>"></iframe>""",
    "object": "<object data='$http/o'></object>",
    "embed": "<embed src='$http/e'>",
    "video": "<video src='$http/v.mp4' poster='$http/p.png' preload=auto autoplay muted></video>",
    "audio": "<audio src='$http/a.mp3' preload=auto></audio>",
    "track": "<video src='$site/to?$http/v' crossorigin preload=auto muted><track default src='$http/t.vtt'></video>",
    "svg use": "<svg><use href='$http/u.svg#u'/></svg>",
    "svg image": "<svg><image href='$http/i.png'/><filter id=f><feImage href='$http/f.svg'/></filter></svg>",
    "base": "<iframe srcdoc=\"<base href='$http/'><script src=b.js></script>\"></iframe>",
    "subresource redirected": "<script src='$site/to?$http/s.js'></script><link rel=stylesheet href='$site/to?$http/s'>"
    "<img src='$site/to?$http/i.png'>",
    "speculation rules: prefetch": """<script type=speculationrules>
        {"prefetch": [{"source": "list", "urls": ["$http/p", "$site/to?$http/q"], "eagerness": "immediate"}]}
        </script>""",
    "speculation rules: prerender": """<script type=speculationrules>
        {"prerender": [{"source": "list", "urls": ["$http/p", "$site/to?$http/q"], "eagerness": "immediate"}]}
        </script>""",
}

NOT_IN_FRAMES = {
    "link icon",
    "link manifest",
    "link prerender",
    "speculation rules: prefetch",
    "speculation rules: prerender",
}

RTC = """
    need("RTCPeerConnection");
    const peer = new RTCPeerConnection({iceServers: [{urls: %s, username: "a", credential: "b"}]});
    peer.createDataChannel("x");
    const done = new Promise((resolve) => { peer.onicegatheringstatechange = () =>
        peer.iceGatheringState === "complete" && resolve(); });
    await peer.setLocalDescription(await peer.createOffer());
    await within(2000, done);
"""

RTC_PEERS = """
    need("RTCPeerConnection");
    const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.createDataChannel("x");
    await one.setLocalDescription(await one.createOffer());
    await two.setRemoteDescription(one.localDescription);
    await two.setLocalDescription(await two.createAnswer());
    await one.setRemoteDescription(two.localDescription);
    const tell = (kind) => one.addIceCandidate({candidate: "candidate:1 1 " + kind, sdpMid: "0"}).catch(() => 0);
"""

RTC_CANDIDATE = (
    RTC_PEERS
    + """
    const host = aim.host.replace(/[\\[\\]]/g, ""), port = aim.pair.split(":").pop();
    await tell("udp 2130706431 " + host + " " + port + " typ host");
    await tell("tcp 2130706430 " + host + " " + port + " typ host tcptype passive");
    await wait(1500);
"""
)

RTC_LOCAL_NAME = (
    RTC_PEERS
    + """
    for (const end of [".local", ".LOCAL", ".local.", ".a.local", ".example"])
        for (const kind of ["udp 2130706431 %s 4444 typ host", "tcp 2130706430 %s 4444 typ host tcptype passive"])
            await tell(kind.replace("%s", crypto.randomUUID() + end));
    await wait(1500);
"""
)

MULTICAST_DNS = ("224.0.0.251:5353", "[ff02::fb]:5353")

SCRIPTS = {
    "fetch": "await fetch(aim.http + '/f', {mode: 'no-cors'})",
    "fetch of https": "await fetch(aim.https + '/f', {mode: 'no-cors'})",
    "fetch with preflight": "await fetch(aim.http + '/f', {method: 'PUT', headers: {'X-A': 'b'}})",
    "fetch keepalive": "await fetch(aim.http + '/f', {mode: 'no-cors', method: 'POST', body: 'b', keepalive: true})",
    "fetch redirected": "await fetch(aim.site + '/to?' + aim.http + '/f', {mode: 'no-cors'})",
    "fetchLater": "need('fetchLater'); fetchLater(aim.https + '/f', {activateAfter: 0, mode: 'no-cors'});"
    "await wait(300)",
    "XMLHttpRequest": "const x = new XMLHttpRequest(); x.open('GET', aim.http + '/x'); x.send()",
    "XMLHttpRequest, synchronous": "const x = new XMLHttpRequest(); x.open('GET', aim.http + '/x', false); x.send()",
    "sendBeacon": "navigator.sendBeacon(aim.http + '/b', 'b')",
    "a ping": "add(`<a href='#a' ping='${aim.http}/p'>a</a>`); document.body.lastChild.click()",
    "form to an iframe": "add(`<iframe name='${aim.host}'></iframe>`);"
    "add(`<form target='${aim.host}' action='${aim.http}/'></form>`); document.body.lastChild.submit()",
    "window.open": "open(aim.http + '/w'); open(aim.http + '/n', '_blank', 'noopener')",
    "link to a new tab": "add(`<a target=_blank href='${aim.http}/t'>a</a>`); document.body.lastChild.click()",
    "download": "for (const to of ['', '/to?']) {"
    "add(`<a download href='${to}${aim.http}/d'>a</a>`); document.body.lastChild.click() }",
    "EventSource": "new EventSource(aim.http + '/e')",
    "WebSocket ws": "new WebSocket(aim.ws + '/w')",
    "WebSocket wss": "new WebSocket(aim.wss + '/w')",
    "WebSocketStream": "need('WebSocketStream'); await new WebSocketStream(aim.ws + '/w').opened",
    "WebTransport": "need('WebTransport'); await within(1000, new WebTransport(aim.https + '/w').ready)",
    "dynamic import": "await import(aim.http + '/i.js')",
    "worker from inside": "new Worker(blob(`import '${aim.http}/w.js'`, 'text/javascript'), {type: 'module'});"
    "await wait(500)",
    "worker redirected": "new Worker('/to?' + aim.http + '/w.js'); await wait(300)",
    "worker: fetch": "new Worker(blob(`fetch('${aim.http}/f', {mode: 'no-cors'})`)); await wait(500)",
    "worker: WebSocket": "new Worker(blob(`new WebSocket('${aim.ws}/f')`)); await wait(500)",
    "worker: importScripts": "new Worker(blob(`importScripts('${aim.http}/i.js')`)); await wait(500)",
    "shared worker": "need('SharedWorker'); new SharedWorker('/to?' + aim.http + '/w.js');"
    "new SharedWorker('/worker.js?' + aim.http + '/f'); await wait(500)",
    "service worker from inside": "need('ServiceWorkerContainer');"
    "await navigator.serviceWorker.register('/to?' + aim.http + '/s.js')",
    "service worker: fetch": "need('ServiceWorkerContainer');"
    "await navigator.serviceWorker.register('/worker.js?' + aim.http + '/f', {scope: '/' + aim.host}); await wait(500)",
    "audio worklet": "need('AudioContext'); await new AudioContext().audioWorklet.addModule(aim.http + '/a.js')",
    "paint worklet": "need('PaintWorklet', CSS.paintWorklet); await CSS.paintWorklet.addModule(aim.http + '/p.js')",
    "FontFace": "await new FontFace('x', `url(${aim.http}/f.woff2)`).load()",
    "blob: frame": "const page = `<script src='${aim.http}/s.js'></scr` + `ipt>`;"
    "add(`<iframe src='${blob(page, 'text/html')}'></iframe>`); await wait(500)",
    "payment manifest": "need('PaymentRequest'); await new PaymentRequest([{supportedMethods: aim.https + '/pay'}],"
    "{total: {label: 't', amount: {currency: 'EUR', value: '1'}}}).canMakePayment()",
    "federated sign-in": "need('IdentityCredential'); await within(1000, navigator.credentials.get("
    "{identity: {providers: [{configURL: aim.https + '/fedcm.json', clientId: 'a', nonce: 'b'}]}}))",
    "WebRTC: STUN": RTC % "'stun:' + aim.pair",
    "WebRTC: TURN over UDP": RTC % "'turn:' + aim.pair + '?transport=udp'",
    "WebRTC: TURN over TCP": RTC % "'turn:' + aim.pair + '?transport=tcp'",
    "WebRTC: TURN over TLS": RTC % "'turns:' + aim.pair + '?transport=tcp'",
    "WebRTC: a peer's candidate": RTC_CANDIDATE,
}

REPORT_TO = '{"group": "default", "max_age": 60, "include_subdomains": false, "endpoints": [{"url": "$https/r"}]}'

HEADERS = {
    "Link: preload": (("Link", "<$https/p>; rel=preload; as=fetch, <$https/s.css>; rel=preload; as=style"),),
    "Link: preconnect": (("Link", "<$https>; rel=preconnect, <$https>; rel=dns-prefetch"),),
    "Content-Location": (("Content-Location", "$https/c"), ("Location", "$https/l")),
    "SourceMap": (("SourceMap", "$https/s.map"),),
    "Speculation-Rules": (("Speculation-Rules", '"$https/r.json"'),),
    "CSP report-uri": (("Content-Security-Policy", "img-src 'none'; font-src 'none'; report-uri $https/r"),),
    "CSP report-to": (
        ("Reporting-Endpoints", 'default="$https/r"'),
        ("Content-Security-Policy", "img-src 'none'; font-src 'none'; report-to default"),
    ),
    "Report-To and NEL": (
        ("Report-To", REPORT_TO),
        ("NEL", '{"report_to": "default", "max_age": 60, "success_fraction": 1, "failure_fraction": 1}'),
    ),
    "Alt-Svc": (("Alt-Svc", 'h3="$pair"; ma=60, h2="$pair"; ma=60'),),
}

BREACH = "<style>@font-face { font-family: x; src: url(/f) } p { font-family: x }</style><p>x</p><img src=/i.png>"
"""What the policies of the pages above forbid, so that there is something to report."""

SPELLINGS = (
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "%EF%BC%90x7f.1", "%31%32%37.0.0.1", "0.0.0.0",  # noqa: S104
    "0", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "localhost", "localhost.", "a.localhost",
    "localhost.localdomain", "ip6-localhost",
)  # fmt: skip


EVERY_WAY = """
    add(`<iframe src='${aim.http}/'></iframe>`);
    new WebSocket(aim.ws);
    for (let i = 0; i < 3; i++) await fetch(aim.http, {mode: "no-cors"}).catch(() => 0);
"""


def _names(hostname: str) -> Iterable[Vector]:
    for spelling in (*SPELLINGS, hostname, f"{hostname}."):
        yield Vector(f"spelling {spelling}", script=EVERY_WAY, spelling=spelling)
    yield Vector("name with an inside address among several", script=EVERY_WAY, names=("several",))
    yield Vector("name that changes its answer", script=EVERY_WAY, names=tuple(f"changing{n}" for n in range(4)))


def _others() -> Iterable[Vector]:
    """What needs no page of the site."""
    yield Vector("address not checked before", by="a lane past the gate")
    yield Vector("Network.loadNetworkResource", by="the browser")
    for name in ("iframe", "script", "link preconnect", "link dns-prefetch"):
        yield Vector(f"no lane: {name}", MARKUP[name], by="a tab of no lane")
    for name in ("fetch", "WebSocket ws", "worker: fetch", "WebRTC: STUN", "WebRTC: TURN over TCP"):
        yield Vector(f"no lane: {name}", script=SCRIPTS[name], by="a tab of no lane")


def vectors(hostname: str) -> tuple[Vector, ...]:
    """All of them; `hostname` is what this machine calls itself."""
    return (
        *_redirects(),
        *_navigations(),
        *(Vector(name, markup) for name, markup in MARKUP.items()),
        *(Vector(name, script=script) for name, script in SCRIPTS.items()),
        Vector("WebRTC: STUN by a local name", script=SCRIPTS["WebRTC: STUN"], spelling="localhost"),
        Vector("WebRTC: TURN by a local name", script=SCRIPTS["WebRTC: TURN over UDP"], spelling="localhost"),
        Vector("WebRTC: a peer's name", script=RTC_LOCAL_NAME, peers=MULTICAST_DNS),
        *(Vector(name, BREACH, headers=headers, leaves=True, secure=True) for name, headers in HEADERS.items()),
        *_names(hostname),
        *_others(),
    )
