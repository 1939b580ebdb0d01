"""CSS selectors, checked without a browser.

Lexbor's parser judges the grammar. Where it and Chromium differ, Chromium is right, because it is Chromium that
will run the selector: names of pseudo-classes and -elements are judged here, and Lexbor sees `:hover` in their place.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

DOCUMENT = LexborHTMLParser("<p>")
"""Asked for every selector: only the parsing of the selector matters."""

WHITE_SPACE = " \t\n\r\f"
"""What CSS means by it: U+00A0, say, can be part of a name."""

NAME = r"-?(?:[a-zA-Z_\u0080-\U0010ffff]|--)[-\w\u0080-\U0010ffff]*"

TOKEN = re.compile(
    rf"""(?P<comment>/\*.*?(?:\*/|\Z))
    |(?P<string>"(?:\\.|[^"\\\n])*(?:"|\Z)|'(?:\\.|[^'\\\n])*(?:'|\Z))
    |(?P<escape>\\.)
    |(?P<pseudo>::?{NAME}\(?)
    |(?P<open>[\[(])
    |(?P<close>[\])])
    |(?P<other>[^/"'\\:\[\]()@&]+|.)""",
    re.VERBOSE | re.DOTALL,
)

STEP_IN_WORDS = re.compile(r"::(?:text|attr\(([^()]*)\))\Z")
ATTRIBUTE_STEP = re.compile(r"[^\s@\"'<>/=()\[\]{},|]+")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PLAIN_CLASSES = _names(
    """active active-view-transition any-link autofill checked current default defined disabled empty enabled
    first-child first-of-type focus focus-visible focus-within fullscreen future host hover in-range
    indeterminate interest-source interest-target invalid last-child last-of-type link modal only-child
    only-of-type open optional out-of-range past picture-in-picture placeholder-shown popover-open read-only
    read-write required root scope target target-current user-invalid user-valid valid visited xr-overlay
    -webkit-autofill -webkit-any-link -webkit-full-screen before after first-line first-letter"""
)
"""Pseudo-classes without arguments that Chromium may know, and the four pseudo-elements with one colon."""

SELECTOR_CLASSES = _names("is where not has nth-child nth-last-child nth-of-type nth-last-of-type")
"""Those whose arguments hold selectors, or patterns, that Lexbor reads as Chromium does."""

ARGUMENT_CLASSES = _names("active-view-transition-type dir heading host host-context lang state -webkit-any")
"""Those whose arguments only Chromium judges."""

ELEMENTS = _names(
    """after backdrop before checkmark column cue details-content file-selector-button first-letter first-line
    grammar-error highlight marker part picker picker-icon placeholder scroll-button scroll-marker
    scroll-marker-group search-text selection slotted spelling-error target-text view-transition
    view-transition-group view-transition-image-pair view-transition-new view-transition-old"""
)
"""Pseudo-elements: legal, and found in no page, for no element is one."""

FOREIGN = _names(
    """contains has-text text text-is text-matches visible hidden nth-match near left-of right-of above below eq gt
    lt first last even odd input button checkbox radio submit header parent animated selected icontains"""
)
"""Pseudo-classes of jQuery, Playwright and their kin."""

ENGINE = re.compile(r"\s*(?:css|text|role|id|data-[\w-]+|internal:[\w-]+|_react|_vue)\s*=", re.IGNORECASE)
NO_ENGINES = "Selectors are plain CSS or XPath; engines such as text= and >> are not."
CASE_SENSITIVE_FLAG = re.compile(r"=\s*+(?:\"\"\s*+|[^\s\"\]=]++\s++)s\s*+(?:\]|\Z)", re.IGNORECASE)
NAMESPACE = re.compile(r"[-\w\u0080-\U0010ffff]\|(?!=)")
DIGIT_ID = re.compile(r"#-?\d")


def split_step(text: str) -> tuple[str, str | None]:
    """Split `text` into a selector and the attribute it ends in, if it ends in one.

    The last `@` outside quotes, brackets and escapes is the split; `::attr(name)` and `::text` say the same in words.
    """
    if suffix := STEP_IN_WORDS.search(text):
        selector = _some(text[: suffix.start()], suffix[0])
        return selector, None if suffix[1] is None else attribute_name(suffix[1].strip())
    marks = [match.start() for depth, match in _tokens(text) if depth == 0 and match[0] == "@"]
    if not marks:
        return text, None
    return _some(text[: marks[-1]], text[marks[-1] :]), attribute_name(text[marks[-1] + 1 :].strip())


def check(selector: str) -> None:
    """Raise ValueError with a sentence if Chromium would refuse `selector`."""
    if ENGINE.match(selector):
        raise ValueError(NO_ENGINES)
    plain = _plain(selector)
    _refuse_differences(plain)
    try:
        DOCUMENT.css(plain.replace("[*|", "["))
    except SelectolaxError:
        raise ValueError("This is not a valid CSS selector.") from None


def _some(selector: str, step: str) -> str:
    if not selector.strip(WHITE_SPACE):
        raise ValueError(f"A selector must stand before {step}.")
    return selector.strip(WHITE_SPACE)


def attribute_name(name: str) -> str:
    if not ATTRIBUTE_STEP.fullmatch(name):
        raise ValueError(f"After @ stands the name of one attribute, not {name!r}." if name else "The @ names nothing.")
    return name


def _tokens(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The tokens of `text`, each with how many brackets are open before it."""
    depth = 0
    for match in TOKEN.finditer(text):
        if match.lastgroup == "close":
            depth = max(0, depth - 1)
        yield depth, match
        if match.lastgroup == "open" or (match.lastgroup == "pseudo" and match[0].endswith("(")):
            depth += 1


def _plain(selector: str) -> str:
    """`selector` as Lexbor may see it: names it does not know replaced by one it does, strings emptied."""
    parts: list[str] = []
    functions: list[str] = []
    skipped_above: int | None = None
    for depth, match in _tokens(selector):
        del functions[depth:]
        if skipped_above is not None and (depth > skipped_above or match.lastgroup == "close"):
            skipped_above = None if depth == skipped_above else skipped_above
            continue
        part, skip = _plain_token(match, functions)
        parts.append(part)
        skipped_above = depth if skip else None
        if match.lastgroup == "open":
            functions.append(match[0])
    return "".join(parts).replace(":is()", ":hover").replace(":where()", ":hover")


def _plain_token(match: re.Match[str], functions: list[str]) -> tuple[str, bool]:
    """What stands for one token, and whether its arguments are skipped."""
    kind, text = match.lastgroup, match[0]
    if kind == "pseudo":
        return _plain_pseudo(text, functions, rest=match.string[match.end() :])
    if kind == "other" and text == "&" and "[" not in functions:
        return ":hover", False
    return {"comment": "/**/", "string": '""'}.get(kind or "", text), False


def _plain_pseudo(pseudo: str, functions: list[str], *, rest: str) -> tuple[str, bool]:
    name = pseudo.strip(":(").lower()
    called = pseudo.endswith("(")
    if called:
        functions.append(name)
    if pseudo.startswith("::"):
        _check_element(name, functions[:-1] if called else functions, called=called, rest=rest)
        return ":hover", called
    if called and name in SELECTOR_CLASSES:
        if name == "has" and "has" in functions[:-1]:
            raise ValueError("A :has() cannot stand inside another :has().")
        return f":{name}(", False
    known = ARGUMENT_CLASSES if called else PLAIN_CLASSES
    if name not in known and not _forgiving(name, functions[:-1] if called else functions):
        raise ValueError(_unknown(pseudo, name))
    return ":hover", called


def _check_element(name: str, functions: list[str], *, called: bool, rest: str) -> None:
    if name in ("text", "attr"):
        raise ValueError(f"::{name} can only be the end of a selector.")
    if name not in ELEMENTS and not name.startswith("-webkit-"):
        raise ValueError(f"CSS has no pseudo-element ::{name}.")
    last = called or name.startswith("-webkit-") or re.match(r"\s*(?:,|\Z)", rest)
    if functions or not last:
        raise ValueError(f"The pseudo-element ::{name} can only be the end of a selector.")


def _forgiving(name: str, functions: list[str]) -> bool:
    """Whether Chromium skips over an unknown name here: `:is` and `:where` forgive what is no one else's word."""
    return name not in FOREIGN and any(function in ("is", "where") for function in functions)


def _unknown(pseudo: str, name: str) -> str:
    if name in FOREIGN:
        return f":{name} belongs to jQuery or Playwright, not to CSS; XPath's contains() and positions can do the same."
    return f"CSS has no pseudo-class {pseudo.replace('(', '()')}."


def _refuse_differences(plain: str) -> None:
    """Refuse what Lexbor takes and Chromium does not."""
    if DIGIT_ID.search(plain):
        raise ValueError('An id that starts with a digit is written [id="1"] in CSS.')
    if ">>" in plain:
        raise ValueError(NO_ENGINES)
    if "||" in plain:
        raise ValueError("Browsers do not support the column combinator ||.")
    if NAMESPACE.search(plain):
        raise ValueError("Namespace prefixes have no meaning here; use *| or leave the prefix out.")
    if CASE_SENSITIVE_FLAG.search(plain):
        raise ValueError("Browsers do not support the flag s in an attribute selector.")
