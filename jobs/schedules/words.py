"""The usual cron expressions in words, for people."""

import re

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NAMES = {day[:3].lower(): day for day in DAYS} | {str(number): day for number, day in enumerate(DAYS)}
TIMES = re.compile(
    r"(?P<minute>\d{1,2}|\*|\*/\d{1,2}) (?P<hour>\d{1,2}|\*|\*/\d{1,2}) (?P<day>\d{1,2}|\*) \* (?P<week>\S+)"
)


def in_words(cron: str) -> str:
    """`every day at 06:30`; the expression itself where it is an unusual one."""
    found = TIMES.fullmatch(MACROS.get(cron, cron))
    if not found or (found["day"] != "*" and found["week"] != "*"):
        return cron
    days, time = days_in_words(found["day"], found["week"].lower()), time_in_words(found["minute"], found["hour"])
    if not days or not time:
        return cron
    return f"{days} {time}" if time.startswith("at") else time if days == "every day" else f"{time}, {days}"


def days_in_words(day: str, week: str) -> str | None:
    if day != "*":
        return f"on day {day} of every month"
    if week == "*":
        return "every day"
    if week in ("mon-fri", "1-5"):
        return "Monday to Friday"
    days = [NAMES.get(one) for one in week.split(",")]
    return None if None in days else " and ".join(f"every {day}" for day in days)


def time_in_words(minute: str, hour: str) -> str | None:
    """At one time of the day, or so often within it."""
    if minute.isdecimal() and hour.isdecimal():
        return f"at {int(hour):02}:{int(minute):02}"
    if minute.isdecimal():
        every = "every hour" if hour == "*" else f"every {hour[2:]} hours"
        return f"{every} at {int(minute)} min past"
    if hour != "*":
        return None
    return "every minute" if minute in ("*", "*/1") else f"every {minute[2:]} minutes"
