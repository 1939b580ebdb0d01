"""Cron expressions in words."""

import pytest

from jobs.schedules.words import in_words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("30 6 * * *", "every day at 06:30"),
        ("30 6 * * mon-fri", "Monday to Friday at 06:30"),
        ("0 7 * * MON,thu", "every Monday and every Thursday at 07:00"),
        ("0 7 * * 0", "every Sunday at 07:00"),
        ("5 0 1 * *", "on day 1 of every month at 00:05"),
        ("15 * * * *", "every hour at 15 min past"),
        ("0 */4 * * *", "every 4 hours at 0 min past"),
        ("*/10 * * * *", "every 10 minutes"),
        ("* * * * *", "every minute"),
        ("*/10 * * * sat", "every 10 minutes, every Saturday"),
        ("@daily", "every day at 00:00"),
        ("@hourly", "every hour at 0 min past"),
        ("@weekly", "every Sunday at 00:00"),
    ],
)
def test_usual_ones_are_said_as_people_say_them(cron, words):
    assert in_words(cron) == words


@pytest.mark.parametrize(
    "cron", ["0 0 L * *", "0 0 1 */3 *", "0 0 1 * mon", "0 9-17 * * *", "*/5 9 * * *", "0 0 * * mon#2", "@yearly"]
)
def test_others_stay_as_they_are(cron):
    assert in_words(cron) == cron
