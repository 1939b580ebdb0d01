"""How long a server asks to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 24 * 60 * 60


def retry_after_s(header: str | None) -> float | None:
    """A Retry-After header, seconds or a date, as seconds from now, a day at most; None if it is missing or neither.

    Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = (header or "").strip()
    try:
        if text.isascii() and text.isdecimal():
            return float(min(int(text), LONGEST_S))
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    left_s = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(left_s, 0.0), LONGEST_S)
