"""What an account has used, what it has reserved, and what runs now. Never counted from its whole history."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from limits import RateLimitItem

from jobs.intake import MOST_TEST_URLS
from jobs.models import Account, ApiKey, DailyUsage, Job, Page
from jobs.models.account import MOST_TEST_URLS_A_DAY
from jobs.queue.clock import database_now

SHOWN = {"completedUrls": "completed_urls", "failedUrls": "failed_urls", "creditsUsed": "credits_used"}
SUMS = {name: Sum(field) for name, field in SHOWN.items()}
OPEN_URLS = F("total_urls") - F("completed_urls") - F("failed_urls") - F("cancelled_urls")


def usage_of(account: Account, *, days: int) -> dict[str, Any]:
    """As the API shows it, with so many days, today the last. Three queries."""
    now = standing_of(account)
    return {
        "credits": {
            "available": None if now.unlimited else now.credits,
            "reserved": now.reserved,
            "unlimited": now.unlimited,
        },
        "running": {"jobs": now.live_jobs, "urls": now.claimed_urls},
        "days": list(daily(account, days=days)),
        "limits": limits_of(account),
    }


def limits_of(account: Account) -> dict[str, Any]:
    """What it may at most; null: as often as it likes."""
    return {
        "urlsPerJob": settings.SCRPY_MAX_URLS_PER_JOB,
        "urlsPerUpload": settings.SCRPY_MAX_URLS_PER_UPLOAD,
        "liveJobs": account.job_limit,
        "urlsAtOnce": account.page_limit,
        "requestsOfKey": as_rate(settings.SCRPY_RATE_LIMIT),
        "requestsOfAccount": as_rate(settings.SCRPY_ACCOUNT_RATE_LIMIT),
        "testUrlsPerJob": MOST_TEST_URLS,
        "testUrlsPerDay": MOST_TEST_URLS_A_DAY,
        "retentionDays": settings.SCRPY_RETENTION_DAYS,
    }


def as_rate(limit: RateLimitItem | None) -> str | None:
    return None if limit is None else f"{limit.amount}/{limit.GRANULARITY.name}"


def standing_of(account: Account) -> Any:
    """The account with its `live_jobs`, their `open_urls`, the credits they have `reserved`, and its `claimed_urls`.

    One query, so that what is left and what is reserved add up; it looks at live jobs and claimed pages alone. For
    that, `owner` is a sum: SQLite would look for claimed pages in all jobs of the account, were it a column.
    """
    live = Job.objects.live().filter(account=OuterRef("pk")).order_by().values("account")
    claimed = Page.objects.filter(token__isnull=False).annotate(owner=F("job__account") + 0).order_by()
    return Account.objects.annotate(
        live_jobs=of_one(live, Count("pk")),
        open_urls=of_one(live, Sum(OPEN_URLS)),
        reserved=of_one(live, Sum(OPEN_URLS, filter=Q(reserves_credits=True))),
        claimed_urls=of_one(claimed.filter(owner=OuterRef("pk")).values("owner"), Count("pk")),
    ).get(pk=account.pk)


def of_one(rows: "QuerySet[Any, Any]", aggregate: Any) -> Coalesce:
    """An aggregate of the rows of one account, 0 where there are none."""
    return Coalesce(Subquery(rows.annotate(found=aggregate).values("found")), 0)


def daily(account: Account, *, days: int) -> Iterator[dict[str, Any]]:
    """Each of the last so many days (UTC), the first one first, whether anything happened on it or not. Two queries."""
    today = database_now().date()
    first = today - timedelta(days=days - 1)
    ended = DailyUsage.objects.filter(account=account, day__gte=first).order_by().values("day")
    used = {each["day"]: each for each in ended.annotate(**SUMS)}
    for number in range(days):
        day = first + timedelta(days=number)
        counts: Mapping[str, Any] = used.get(day, {})
        yield {"date": day.isoformat(), **{name: counts.get(name, 0) for name in SHOWN}}


def by_key(account: Account, *, since: date) -> list[dict[str, Any]]:
    """What was used from a day (UTC) on with each API key, that with most URLs first. Two queries.

    `key` is None for jobs that were made without one; `gone` means that there was one.
    """
    ended = DailyUsage.objects.filter(account=account, day__gte=since).order_by().values("key")
    used: list[Any] = list(ended.annotate(**SUMS))
    used.sort(key=lambda each: (-each["completedUrls"], -each["failedUrls"], each["key"]))
    keys = ApiKey.objects.filter(account=account).in_bulk([each["key"] for each in used])
    return [{**each, "key": keys.get(each["key"]), "gone": each["key"] not in {0, *keys}} for each in used]


def hourly(account: Account, *, hours: int) -> Iterator[tuple[datetime, int, int]]:
    """How many URLs were completed and failed in each of the last so many hours, this one the last. Two queries."""
    this = database_now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first = this - timedelta(hours=hours - 1)
    ended = DailyUsage.objects.filter(account=account, day__gte=first.date()).order_by().values_list("day", "hour")
    sums = ended.annotate(completed=Sum("completed_urls"), failed=Sum("failed_urls"))
    used = {(day, hour): counts for day, hour, *counts in sums}
    for number in range(hours):
        begins = first + timedelta(hours=number)
        completed, failed = used.get((begins.date(), begins.hour), (0, 0))
        yield begins, completed, failed
