"""Which host names the web can have, and which of them public DNS can know; names as a URL parser wrote them."""

import re
from unicodedata import bidirectional, category, is_normalized

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

DIRECTIONS = {
    "L": "l", "R": "r", "AL": "r", "AN": "a", "EN": "e", "NSM": "m", "ES": "o", "CS": "o", "ET": "o", "ON": "o",
    "BN": "o",
}  # fmt: skip
"""A letter for what RFC 5893 treats alike."""

LEFT_TO_RIGHT = re.compile(r"l([leom]*[le])?m*")
RIGHT_TO_LEFT = re.compile(r"r(?!.*a.*e)(?!.*e.*a)([raeom]*[rae])?m*")


def is_name(host: str) -> bool:
    """Whether DNS can hold `host`, and browsers take it for a name.

    Chromium refuses some international names that ada takes, or reads them otherwise: those that mix directions of
    writing against RFC 5893, or have marks in another than the normal order, letters too new to be known here, or
    Punycode that no encoder writes.
    """
    if not NAME.fullmatch(host):
        return False
    if PUNYCODE not in host:
        return True
    try:
        labels = [_decoded(label) for label in host.rstrip(".").split(".")]
    except UnicodeError:
        return False
    return all(map(_is_well_formed, labels)) and _can_be_read(labels)


def is_local_name(host: str) -> bool:
    """Whether `host` has only one label, or a last one that public DNS never answers for."""
    labels = host.rstrip(".").split(".")
    return len(labels) == 1 or labels[-1] in LOCAL_NAMES or labels[-2:] == ["home", "arpa"]


def _decoded(label: str) -> str:
    """The letters that a label stands for. Raises: UnicodeError, for Punycode that no encoder writes."""
    if not label.startswith(PUNYCODE):
        return label
    letters = label.removeprefix(PUNYCODE).encode().decode("punycode")
    if f"{PUNYCODE}{letters.encode('punycode').decode()}" != label:
        raise UnicodeError
    return letters


def _is_well_formed(label: str) -> bool:
    categories = [category(letter) for letter in label]
    return bool(label) and "Cn" not in categories and categories[0][0] != "M" and is_normalized("NFC", label)


def _can_be_read(labels: list[str]) -> bool:
    """Whether each label goes one way from its first letter to its last, if any of them goes from right to left."""
    directions = ["".join(DIRECTIONS.get(bidirectional(letter), "?") for letter in label) for label in labels]
    if not any(set("ra") & set(label) for label in directions):
        return True
    return all(LEFT_TO_RIGHT.fullmatch(label) or RIGHT_TO_LEFT.fullmatch(label) for label in directions)
