"""When a delivery is tried again: the answer decides, and how many tries there were."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jobs.webhooks.ladder import LADDER, pause_after
from jobs.webhooks.posting import Answer


def answered(status_code=503, retry_after=None):
    return Answer(status_code=status_code, excerpt="", duration_ms=1, retry_after=retry_after)


@pytest.mark.parametrize("attempts", range(1, 8))
def test_pauses_scatter_around_the_ladders_steps(attempts):
    step = LADDER[attempts - 1]

    pauses = {pause_after(answered(), attempts=attempts) for _ in range(20)}

    assert len(pauses) > 1
    assert all(step * 0.9 <= pause <= step * 1.1 for pause in pauses)


def test_the_eighth_try_is_the_last():
    assert pause_after(answered(retry_after="60"), attempts=8) is None


def test_gone_means_gone():
    assert pause_after(answered(410), attempts=1) is None


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("30", 30), (" 45 ", 45), ("0", 30), ("1", 30), ("7200", 7_200), ("86400", 86_400), ("9" * 400, 86_400)],
)
def test_the_pause_asked_for_is_kept_from_half_a_step_up_to_a_day(asked, seconds):
    assert pause_after(answered(retry_after=asked), attempts=1) == timedelta(seconds=seconds)


def test_the_pause_may_be_asked_for_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)

    pause = pause_after(answered(retry_after=date), attempts=1)

    assert round(pause / timedelta(minutes=1)) == 120


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1.5", "²", "Fri, 99 Foo 2024", "Mon, 01 Jan 99999 00:00:00 GMT"])
def test_a_pause_that_makes_no_sense_is_not_kept(asked):
    step = LADDER[0]

    assert step * 0.9 <= pause_after(answered(retry_after=asked), attempts=1) <= step * 1.1
