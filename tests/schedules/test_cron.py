"""When schedules are due, through the changes of clocks."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.schedules.cron import is_cron, next_run, next_runs, read_cron


class Notes:
    def __init__(self):
        self.codes = []

    def add(self, field, code, message):
        self.codes.append(code)


def times(cron, timezone, after, count):
    return [f"{time:%d %H:%M}" for time in next_runs(cron, timezone, after=datetime.fromisoformat(after), count=count)]


def test_a_time_is_meant_in_its_zone():
    assert times("0 9 * * *", "Asia/Tokyo", "2026-01-01T00:00Z", 2) == ["02 00:00", "03 00:00"]
    assert times("0 9 * * *", "America/New_York", "2026-01-01T00:00Z", 1) == ["01 14:00"]


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("30 2 * * *", ["28 01:30", "29 01:00", "30 00:30"]),  # the 29th has no 2:30: it is due as the clocks go on
        ("0 3 * * *", ["28 02:00", "29 01:00", "30 01:00"]),
        ("0 9 * * *", ["28 08:00", "29 07:00", "30 07:00"]),
    ],
)
def test_what_the_clocks_skip_in_spring_is_due_once_all_the_same(cron, due):
    assert times(cron, "Europe/Berlin", "2026-03-28T00:00Z", 3) == due


def test_every_hour_of_the_night_in_spring_is_an_hour_after_the_last():
    assert times("0 * * * *", "Europe/Berlin", "2026-03-28T23:30Z", 4) == [
        "29 00:00",
        "29 01:00",
        "29 02:00",
        "29 03:00",
    ]


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("30 2 * * *", ["25 00:30", "26 01:30"]),
        ("15,45 2 * * *", ["25 00:15", "25 00:45", "26 01:15"]),
        ("0 2,3 * * *", ["25 00:00", "25 02:00", "26 01:00"]),
    ],
)
def test_a_fixed_time_that_comes_twice_in_autumn_is_due_once(cron, due):
    assert times(cron, "Europe/Berlin", "2026-10-24T12:00Z", len(due)) == due


@pytest.mark.parametrize("cron", ["30 * * * *", "30 */1 * * *"])
def test_what_is_due_every_hour_is_due_in_both_hours_that_come_twice(cron):
    assert times(cron, "Europe/Berlin", "2026-10-25T00:00Z", 3) == ["25 00:30", "25 01:30", "25 02:30"]


def test_a_zone_whose_clocks_change_by_half_an_hour_is_no_different():
    assert times("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", 2) == ["04 14:45", "05 15:15"]


def test_a_leap_day_is_waited_for():
    assert next_run("0 0 29 2 *", "UTC", after=datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 0-6 1,15 * mon-fri",
        "0 6 * * MON",
        "0 0 L * *",
        "0 9 * * mon#1",
        "@daily",
        "@hourly",
        "@monthly",
    ],
)
def test_what_is_taken(text):
    assert read_cron(text, "cron", Notes()) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "* * * *", "* * * * * *", "* * * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *"),
        *("R * * * *", "H * * * *", "0 0 31 2 *", "0 0 30 2 *", "@reboot", "@every 5m", "every day", "*  * * * *"),
        *("* * * * *\n", "*/0 * * * *", "5-1 * * * *,", "1,,2 * * * *", "\uff11 * * * *", "0 " * 300),
    ],
)
def test_what_is_refused_by_name(text):
    notes = Notes()

    assert read_cron(text, "cron", notes) is None
    assert notes.codes == ["invalid_cron"]


field = st.sampled_from(
    ["*", "*/7", "0", "1-5", "3,9", "L", "mon", "jan", "a", "", "99", "-", "1-", "#", "mon#6", "*/*"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(field, min_size=5, max_size=5).map(" ".join) | st.text(max_size=20))
def test_whatever_is_taken_is_due_again_and_again_and_never_goes_back(text):
    if not is_cron(text):
        return
    due = next_runs(text, "Europe/Berlin", after=datetime(2026, 10, 24, 20, tzinfo=UTC), count=20)

    assert all(earlier < later for earlier, later in pairwise(due))
