"""Transforms: small steps that a value passes on its way from the page to the data.

    lower upper strip    as their names say, for text
    digits               only its digits, of any script, as 0 to 9
    number               its first number as `1299.00`, read as cast number does; None if there is none for certain
    replace(a,b)         each a becomes b
    absoluteUrl          the URL as a browser would follow it from the page; None if it could not
    split(x)             a list: the text, parted at each x
    first last           one item of a list
    unique               a list without its later copies
    join(x)              one text, the items with x between them

A step for text does the same to each item of a list; a step for lists leaves a single value as it is; None stays None.

Arguments stand in brackets behind the name, nothing between. join and split take one, replace two, the rest none.
A single argument is all that stands between the brackets, spaces too: `join(, )`, `split(|)`, `split( )`. Of two, a
comma parts them and spaces around them do not count: `replace(EUR, €)`; the second may be empty. An argument in
quotes, '…' or "…", is what stands between the quotes: `join(", ")`, `replace("a,b", "")`. In all of them `\\n`,
`\\t` and `\\r` are line feed, tab and carriage return, and a backslash takes its meaning from a comma, a bracket, a
quote or a backslash.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from scraping.rules import numbers
from scraping.rules.cast import absolute, text_of

MAX_TRANSFORMS = 20
MAX_TRANSFORM_CHARS = 1_000
MAX_ARGUMENT_CHARS = 200
MAX_TEXT_CHARS = 1024 * 1024
"""So much text may come out of one step, all items of a list together."""
MAX_ITEMS = 10_000
"""So many items split makes; the rest is dropped."""

ARGUMENTS = {
    **dict.fromkeys(("lower", "upper", "strip", "digits", "number", "first", "last", "unique", "absoluteUrl"), 0),
    **dict.fromkeys(("join", "split"), 1),
    "replace": 2,
}
"""How many arguments each transform takes."""
USAGE = {"join": 'join(", ")', "split": "split(|)", "replace": "replace(a, b)"}

CALL = re.compile(r"\s*([^\s(]*)(?:\((.*)\))?\s*", re.DOTALL)
QUOTED = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')\s*""", re.DOTALL)
UNQUOTED = re.compile(r"(?:\\.|[^,\\]|\\\Z)*", re.DOTALL)
ESCAPE = re.compile(r"\\([nrt,()'\"\\])")
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Transform:
    """One step: its name and its arguments."""

    name: str
    arguments: tuple[str, ...] = ()


def parse(given: object) -> tuple[Transform, ...]:
    """Read one transform, or a list of them in the order in which they are done.

    Raises: ValueError with a sentence that names the bad one.
    """
    steps = [given] if isinstance(given, str) else given
    if not isinstance(steps, list | tuple) or not all(isinstance(step, str) for step in steps):
        raise ValueError("A transform is a string such as lower or join(, ), or a list of them.")
    if len(steps) > MAX_TRANSFORMS:
        raise ValueError(f"There are {len(steps):,} transforms; at most {MAX_TRANSFORMS} are allowed.")
    return tuple(_parse_one(step) for step in steps)


def apply(transforms: Sequence[Transform], value: object, *, base_url: str, locale: str | None = None) -> object:
    """`value` after all `transforms`: None, text, or a list of texts and None.

    What is neither is taken as the JSON it would be in the answer: 5 as `5`.

    Raises: ValueError if the text grows beyond `MAX_TEXT_CHARS`.
    """
    for transform in transforms:
        if transform.name in FOR_LISTS:
            value = FOR_LISTS[transform.name](value, *transform.arguments) if isinstance(value, list) else value
        elif transform.name == "split":
            value = _split(value, *transform.arguments)
        else:
            value = _each(transform, value, base_url, locale)
    return value


def _parse_one(text: str) -> Transform:
    if len(text) > MAX_TRANSFORM_CHARS:
        raise ValueError(f"A transform has {len(text):,} characters; at most {MAX_TRANSFORM_CHARS:,} are allowed.")
    match = CALL.fullmatch(text)
    name = match[1] if match else text.partition("(")[0].strip()
    if name not in ARGUMENTS:
        raise ValueError(_unknown(name))
    if match is None:
        raise ValueError(f"The transform {name} is written with nothing before its bracket and nothing after it.")
    wanted = ARGUMENTS[name]
    if (match[2] is None) != (wanted == 0):
        usage = f"takes an argument: {USAGE[name]}" if wanted else f"takes no argument; write {name}"
        raise ValueError(f"The transform {name} {usage}.")
    return Transform(name, _arguments(name, match[2], wanted) if wanted else ())


def _unknown(name: str) -> str:
    folded = {known.casefold(): known for known in ARGUMENTS}
    near = get_close_matches(name[:MAX_ARGUMENT_CHARS].casefold(), folded, n=1)
    hint = f"did you mean {folded[near[0]]}?" if near else f"there are {', '.join(ARGUMENTS)}."
    return f"There is no transform {name[:40]!r}; {hint}"


def _arguments(name: str, inside: str, wanted: int) -> tuple[str, ...]:
    arguments = (_single(name, inside),) if wanted == 1 else _pair(name, inside)
    if any(len(argument) > MAX_ARGUMENT_CHARS for argument in arguments):
        raise ValueError(f"An argument of {name} has at most {MAX_ARGUMENT_CHARS} characters.")
    if name != "join" and not arguments[0]:
        raise ValueError(f"The transform {name} needs to know what to look for: {USAGE[name]}.")
    return arguments


def _single(name: str, inside: str) -> str:
    if quoted := QUOTED.fullmatch(inside):
        return _content(quoted)
    return _unescaped(_unquoted(name, inside))


def _pair(name: str, inside: str) -> tuple[str, ...]:
    """The two arguments of `inside`, parted at the one comma outside quotes."""
    arguments, at = [], 0
    while True:
        quoted = QUOTED.match(inside, at)
        if quoted and inside[quoted.end() : quoted.end() + 1] in ("", ","):
            arguments.append(_content(quoted))
            at = quoted.end() + 1
        else:
            end = at + len(UNQUOTED.match(inside, at)[0])  # type: ignore[index]  # it matches nothing, too
            arguments.append(_unescaped(_unquoted(name, inside[at:end].strip())))
            at = end + 1
        if at > len(inside):
            break
    if len(arguments) != 2:  # noqa: PLR2004
        raise ValueError(
            f"The transform {name} takes two arguments, not {len(arguments)}: {USAGE[name]}. "
            """A comma that belongs to one stands in quotes: replace(",", ".")."""
        )
    return tuple(arguments)


def _unquoted(name: str, argument: str) -> str:
    if argument.lstrip()[:1] in ("'", '"'):
        raise ValueError(
            f"A quote in {name} is never closed, or something follows it; write a quote itself as \\' or \\\"."
        )
    return argument


def _content(quoted: re.Match[str]) -> str:
    return _unescaped(quoted[1] if quoted[1] is not None else quoted[2])


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda escape: ESCAPED.get(escape[1], escape[1]), text)


def _each(transform: Transform, value: object, base_url: str, locale: str | None) -> object:
    """A step for text, done to `value` or to each of its items."""
    if transform.name == "replace":
        return _replace(value, *transform.arguments)
    step = FOR_TEXT[transform.name]
    if isinstance(value, list):
        return [item if item is None else step(text_of(item), base_url, locale) for item in value]
    return value if value is None else step(text_of(value), base_url, locale)


def _replace(value: object, old: str, new: str) -> object:
    items = [item if item is None else text_of(item) for item in (value if isinstance(value, list) else [value])]
    texts = [item for item in items if item is not None]
    if sum(len(text) + text.count(old) * (len(new) - len(old)) for text in texts) > MAX_TEXT_CHARS:
        raise ValueError(f"With {new[:20]!r} for each {old[:20]!r} the value is over {MAX_TEXT_CHARS:,} characters.")
    replaced = [item if item is None else item.replace(old, new) for item in items]
    return replaced if isinstance(value, list) else replaced[0]


def _split(value: object, separator: str) -> object:
    """`value` parted at each separator; the parts of a list's items make one list."""
    if value is None:
        return None
    parts: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if item is not None and len(parts) < MAX_ITEMS:
            parts += text_of(item).split(separator, MAX_ITEMS)
    return parts[:MAX_ITEMS]


def _join(items: list[object], separator: str) -> str:
    texts = [text_of(item) for item in items if item is not None]
    if sum(map(len, texts)) + len(separator) * len(texts) > MAX_TEXT_CHARS:
        raise ValueError(f"Joined, the value is over {MAX_TEXT_CHARS:,} characters.")
    return separator.join(texts)


def _unique(items: list[object]) -> list[object]:
    firsts: dict[str | None, object] = {}
    for item in items:
        firsts.setdefault(item if item is None else text_of(item), item)
    return list(firsts.values())


def _digits(text: str, base_url: str, locale: str | None) -> str:
    return "".join(filter(str.isdecimal, text)).translate(numbers.PLAIN)


def _number(text: str, base_url: str, locale: str | None) -> str | None:
    try:
        return numbers.number(text, locale)
    except (ValueError, ArithmeticError):
        return None


def _absolute_url(text: str, base_url: str, locale: str | None) -> str | None:
    try:
        return absolute(text, base_url)
    except ValueError:
        return None


FOR_TEXT: dict[str, Callable[[str, str, str | None], str | None]] = {
    "lower": lambda text, *_: text.lower(),
    "upper": lambda text, *_: text.upper(),
    "strip": lambda text, *_: text.strip(),
    "digits": _digits,
    "number": _number,
    "absoluteUrl": _absolute_url,
}
FOR_LISTS: dict[str, Callable[..., object]] = {
    "first": lambda items: items[0] if items else None,
    "last": lambda items: items[-1] if items else None,
    "unique": _unique,
    "join": _join,
}
