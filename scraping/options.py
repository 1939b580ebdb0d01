"""What may be asked of the way in which one page is fetched."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from scraping.rules import Selector

if TYPE_CHECKING:
    from scraping.acting.actions import Action

DEVICES = frozenset((Path(__file__).parent / "devices.txt").read_text(encoding="utf-8").splitlines())
"""Those of Playwright's devices that have a Chromium, by name; what they are like is Playwright's to know."""


class WaitUntil(StrEnum):
    """When a page counts as ready; `auto` is when every field was found and the page has come to rest."""

    AUTO = "auto"
    COMMIT = "commit"
    DOMCONTENTLOADED = "domcontentloaded"
    LOAD = "load"
    NETWORKIDLE = "networkidle"


@dataclass(frozen=True, slots=True)
class Viewport:
    """The size of the page's window, in CSS pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where on earth the browser is, in degrees, to so many metres."""

    latitude: float
    longitude: float
    accuracy_m: float = 0


class Block(StrEnum):
    """What of a page is not loaded: kinds of its requests, or whatever is asked of hosts that serve advertisements."""

    IMAGE = "image"
    FONT = "font"
    MEDIA = "media"
    STYLESHEET = "stylesheet"
    SCRIPT = "script"
    XHR = "xhr"
    ADS = "ads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the browser is to sites: a lane is opened with it and cannot change it.

    What is not given is the device's, and without a device the browser's own.
    """

    device: str | None = None
    user_agent: str | None = None
    viewport: Viewport | None = None
    locale: str | None = None
    timezone: str | None = None
    geolocation: Place | None = None
    color_scheme: str | None = None
    javascript: bool = True
    block: frozenset[Block] = frozenset({Block.IMAGE})
    keeps_session: bool = False
    """Whether cookies and storage stay from page to page."""
    offline: bool = False
    """Whether its lanes reach no network: their documents are laid there."""


DEFAULT_PROFILE = Profile()


class State(StrEnum):
    """What is waited for of a selector: that something it matches is there, or to be seen, or that nothing is."""

    ATTACHED = "attached"
    VISIBLE = "visible"
    HIDDEN = "hidden"
    DETACHED = "detached"


@dataclass(frozen=True, slots=True)
class Awaited:
    """What must have come, or gone, before a page is read. Without a time of its own it has the page's."""

    selector: Selector
    state: State = State.VISIBLE
    timeout_ms: int | None = None


class Output(StrEnum):
    """What can be made of a page, beside the fields that are read of it."""

    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    LINKS = "links"
    METADATA = "metadata"
    ELEMENTS = "elements"
    SCREENSHOT = "screenshot"
    FULL_PAGE_SCREENSHOT = "fullPageScreenshot"
    PDF = "pdf"


PICTURES = frozenset({Output.SCREENSHOT, Output.FULL_PAGE_SCREENSHOT, Output.PDF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie of the host that is asked for, and of no other."""

    name: str
    value: str = field(repr=False)
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent along to the origin that is asked for, and to no other it may lead to."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    cookies: tuple[Cookie, ...] = ()


NOTHING_SENT = Sent()


@dataclass(frozen=True)
class FetchOptions:
    """How one page is fetched."""

    timeout_ms: int = 30_000
    wait_until: WaitUntil = WaitUntil.AUTO
    awaited: Awaited | None = None
    pause_ms: int = 0
    """How long a page that is ready is left alone before it is read."""
    accept_status: frozenset[int] = frozenset()
    """Error statuses whose pages are read like any other."""
    locale: str | None = None
    explain: bool = False
    shadow: bool = False
    frames: bool = False
    actions: tuple["Action", ...] = ()
    """What is done to the page, in order, before it is read."""
    sent: Sent = NOTHING_SENT
    outputs: frozenset[Output] = frozenset()
    keep_html: bool = False
    """Whether the page's HTML is captured even though no output asks for it."""
