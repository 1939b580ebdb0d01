"""XPath expressions, checked without a browser.

libxml2 judges the grammar. It knows more functions than browsers do (some read files), so names are judged here:
XPath 1.0's own functions and no others, with as many arguments as they take.
"""

import re

from lxml import etree

FUNCTIONS = {
    **dict.fromkeys(("last", "position", "true", "false"), (0, 0)),
    **dict.fromkeys(
        ("local-name", "namespace-uri", "name", "string", "string-length", "normalize-space", "number"), (0, 1)
    ),
    **dict.fromkeys(("count", "id", "boolean", "not", "lang", "sum", "floor", "ceiling", "round"), (1, 1)),
    **dict.fromkeys(("starts-with", "contains", "substring-before", "substring-after"), (2, 2)),
    "substring": (2, 3),
    "translate": (3, 3),
    "concat": (2, 2_000),
}
"""The core function library: each name with the fewest and the most arguments it takes."""
NODE_TESTS = frozenset({"node", "text", "comment", "processing-instruction"})

NCNAME = r"[^\W\d][\w.\-\u00b7]*"
TOKEN = re.compile(
    rf"""(?P<string>"[^"]*"|'[^']*')
    |(?P<axis>{NCNAME}\s*::)
    |(?P<prefixed>{NCNAME}:(?:{NCNAME}|\*))
    |(?P<call>{NCNAME}\s*\()
    |(?P<name>{NCNAME})
    |(?P<exponent>(?:\d++\.?+\d*+|\.\d++)[^\W\d_])
    |(?P<number>\d+\.?\d*|\.\d+)
    |(?P<variable>\$)
    |(?P<open>[(\[])
    |(?P<close>[)\]])
    |(?P<comma>,)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def check(expression: str) -> None:
    """Raise ValueError with a sentence if a browser would refuse `expression`."""
    try:
        etree.XPath(expression)
    except (etree.XPathError, ValueError):
        raise ValueError("This is not a valid XPath 1.0 expression.") from None
    _check_names(expression)


class _Call:
    """An open bracket: whose it is, and how many arguments it holds so far."""

    def __init__(self, function: str | None = None) -> None:
        self.function = function
        self.commas = 0
        self.empty = True

    def check(self) -> None:
        if self.function is None:
            return
        least, most = FUNCTIONS[self.function]
        count = 0 if self.empty else self.commas + 1
        if not least <= count <= most:
            raise ValueError(f"The XPath function {self.function}() does not take {count} arguments.")


def _check_names(expression: str) -> None:
    calls = [_Call()]
    for match in TOKEN.finditer(expression):
        kind = match.lastgroup
        if kind == "space":
            continue
        if kind == "close":
            calls.pop().check()
            continue
        _refuse(match)
        calls[-1].empty = False
        if kind == "comma":
            calls[-1].commas += 1
        elif kind == "open":
            calls.append(_Call())
        elif kind == "call":
            calls.append(_Call(_function(match[0])))


def _refuse(match: re.Match[str]) -> None:
    if match.lastgroup == "prefixed":
        raise ValueError(f"Namespace prefixes such as {match[0]} have no meaning here; use local-name().")
    if match.lastgroup == "variable":
        raise ValueError("XPath variables have no value here.")
    if match.lastgroup == "exponent":
        raise ValueError("XPath numbers are written without letters.")


def _function(call: str) -> str | None:
    """The function that `call` names, None for a node test."""
    name = call.rstrip("( \t\r\n")
    if name in NODE_TESTS or name in ("and", "or", "div", "mod"):
        return None
    if name not in FUNCTIONS:
        raise ValueError(f"XPath 1.0 has no function {name}().")
    return name
