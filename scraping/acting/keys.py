"""The keys that can be pressed, by Playwright's names, which are those of `KeyboardEvent.code` and `.key`.

Source: https://playwright.dev/python/docs/api/class-keyboard#keyboard-press
"""

from collections.abc import Iterator
from string import ascii_uppercase

WORDS = """
    Escape Backquote Minus Equal Backslash Backspace Tab BracketLeft BracketRight CapsLock Semicolon Quote Enter
    ShiftLeft ShiftRight ControlLeft ControlRight AltLeft AltRight AltGraph MetaLeft MetaRight Comma Period Slash Space
    ContextMenu PrintScreen ScrollLock Pause PageUp PageDown Insert Delete Home End ArrowLeft ArrowUp ArrowRight
    ArrowDown NumLock NumpadDivide NumpadMultiply NumpadSubtract NumpadAdd NumpadDecimal NumpadEnter
    AudioVolumeMute AudioVolumeDown AudioVolumeUp MediaTrackNext MediaTrackPrevious MediaPlayPause
"""
NAMED = frozenset(
    {
        *("Alt", "Control", "ControlOrMeta", "Meta", "Shift"),
        *WORDS.split(),
        *(f"F{number}" for number in range(1, 13)),
        *(f"{row}{digit}" for row in ("Digit", "Numpad") for digit in range(10)),
        *(f"Key{letter}" for letter in ascii_uppercase),
    }
)

CHARACTERS = frozenset(map(chr, range(0x20, 0x7F)))
"""Those of the keyboard that Playwright has."""


def unknown_key(combination: str) -> str | None:
    """The first part of a key such as `Enter` or `Control+A` that is no key; None if all are."""
    return next((key for key in _split(combination) if key not in NAMED and key not in CHARACTERS), None)


def _split(combination: str) -> Iterator[str]:
    """At each + that stands after a key: the one in `Control++` is a key itself."""
    key = ""
    for character in combination:
        if character == "+" and key:
            yield key
            key = ""
        else:
            key += character
    yield key
