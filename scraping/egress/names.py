"""Which host names the web can have, and which of them public DNS can know; names as a URL parser wrote them."""

import re
from unicodedata import bidirectional

import idna

NAME = re.compile(r"(?=.{1,254}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
"""DNS's letters in labels of 63 octets, 253 in all, and perhaps the dot of the root.

Underscores, and hyphens at either end, are against the rules for hosts, but sites have them and browsers go there.
"""

LOCAL_NAMES = frozenset({
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan",
    "onion", "alt",
})  # fmt: skip
"""Last labels that public DNS never answers for: a machine's own network does, or another system, or nobody.

`home.arpa` is the one of two labels. `invalid`, `test` and `example` are left to DNS, and every address that it gives
is judged.
"""

PUNYCODE = "xn--"
RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
MIXABLE = re.compile(r"[\0-\u08ff\u200c]*")
"""Scripts written from right to left that domains use, and a joiner in them; beyond, letters have changed direction."""


def is_name(host: str) -> bool:
    """Whether DNS can hold `host`, and browsers take it for a name."""
    return bool(NAME.fullmatch(host)) and (PUNYCODE not in host or _is_read_alike(host.rstrip(".").split(".")))


def is_local_name(host: str) -> bool:
    """Whether `host` has only one label, or a last one that public DNS never answers for."""
    labels = host.rstrip(".").split(".")
    return len(labels) == 1 or labels[-1] in LOCAL_NAMES or labels[-2:] == ["home", "arpa"]


def _is_read_alike(labels: list[str]) -> bool:
    """Whether Chromium, too, takes an international name that ada took, and reads the same in it.

    It does not if the name mixes directions of writing against RFC 5893, or has Punycode that no encoder writes, marks
    in another than the normal order or at a label's start, or letters newer than this Python. The whole of IDNA 2008
    would be one call, and refuse emoji.
    """
    try:
        _check(list(map(_decoded, labels)))
    except UnicodeError:
        return False
    return True


def _decoded(label: str) -> str:
    if not label.startswith(PUNYCODE):
        return label
    letters = label.removeprefix(PUNYCODE).encode().decode("punycode")
    if not letters or f"{PUNYCODE}{letters.encode('punycode').decode()}" != label:
        raise UnicodeError
    return letters


def _check(labels: list[str]) -> None:
    letters = "".join(labels)
    mixed = any(bidirectional(letter) in RIGHT_TO_LEFT for letter in letters)
    if mixed and not MIXABLE.fullmatch(letters):
        raise UnicodeError
    for label in labels:
        idna.check_nfc(label)
        idna.check_initial_combiner(label)
        idna.check_bidi(label, check_ltr=mixed)  # refuses letters of unknown direction: those too new
