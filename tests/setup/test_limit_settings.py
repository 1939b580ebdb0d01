"""What the operator decides about how often and how much may be asked."""

import pytest

from scrpy import settings as ours


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [("600/minute", 600, 60), ("1/second", 1, 1), ("5/hour", 5, 3_600), ("999999999/day", 999_999_999, 86_400)],
)
def test_a_rate_is_so_many_in_a_time(monkeypatch, text, amount, seconds):
    monkeypatch.setenv("SCRPY_RATE_LIMIT", text)

    limit = ours.rate("SCRPY_RATE_LIMIT", "1/minute")

    assert (limit.amount, limit.get_expiry()) == (amount, seconds)


def test_zero_is_no_limit_and_nothing_the_default(monkeypatch):
    monkeypatch.setenv("SCRPY_RATE_LIMIT", "0")
    assert ours.rate("SCRPY_RATE_LIMIT", "7/minute") is None

    monkeypatch.setenv("SCRPY_RATE_LIMIT", "")
    assert ours.rate("SCRPY_RATE_LIMIT", "7/minute").amount == 7


@pytest.mark.parametrize(
    "bad",
    ["600", "-1", "0/minute", "600/min", "600 per minute", "6e2/minute", "600/minutes", "\uff16/minute", "1/2/day"],
)
def test_a_rate_that_is_none_is_refused_by_name(monkeypatch, bad):
    monkeypatch.setenv("SCRPY_RATE_LIMIT", bad)

    with pytest.raises(
        ours.ImproperlyConfigured, match=r"^SCRPY_RATE_LIMIT=.*: expected a rate such as 600/minute, or 0"
    ):
        ours.rate("SCRPY_RATE_LIMIT", "1/minute")
