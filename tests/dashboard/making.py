"""What the pages show: people, and jobs of every kind, made at once and without a worker."""

import random
from datetime import UTC, timedelta
from io import BytesIO
from itertools import count
from uuid import uuid4

import orjson
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image, ImageDraw

from jobs.accounts import grant, open_account
from jobs.api.schedule_requests import read_schedule
from jobs.artifacts import store
from jobs.models import (
    ApiKey,
    DailyUsage,
    Delivery,
    Host,
    HostQueue,
    Job,
    LedgerEntry,
    Membership,
    Page,
    ScheduleRun,
    WebhookEvent,
    Worker,
)
from jobs.schedules import running
from scraping.capture import Capture
from scraping.options import Output

SELECTORS = {"title": "h1", "price": ".price", "image": "img@src", "tags": [".tags li"]}
numbers = count(1)


def make_person(account=None, role="owner", **overrides):
    """Somebody who may sign in; a member of the account, if there is one."""
    person = User.objects.create_user(**{"username": f"person{next(numbers)}", "password": "open sesame", **overrides})
    if account:
        Membership.objects.create(user=person, account=account, role=role)
    return person


def make_job(
    account,
    *,
    completed=0,
    failed=0,
    cancelled=0,
    waiting=0,
    data=None,
    url="https://store.com/{}",
    ago=timedelta(hours=1),
    **overrides,
):
    """A job whose pages have ended in these ways, the failed ones first; live if any waits."""
    total = completed + failed + cancelled + waiting
    made_at = timezone.now() - ago
    started = completed + failed + cancelled > 0
    job = Job.objects.create(
        **{
            "account": account,
            "selectors": orjson.dumps(SELECTORS).decode(),
            "max_attempts": 3,
            "host_concurrency": 4,
            "total_urls": total,
            "completed_urls": completed,
            "failed_urls": failed,
            "cancelled_urls": cancelled,
            "credits_used": completed,
            "status": status_of(completed, failed, cancelled, waiting),
            "created_at": made_at,
            "started_at": made_at + timedelta(seconds=1) if started else None,
            "completed_at": None if waiting else made_at + timedelta(seconds=2 + total / 3),
            **overrides,
        }
    )
    queue = HostQueue.objects.create(job=job, host="store.com:443")
    in_flight = min(waiting, 8) if started else 0
    ends = ["failed"] * failed + ["completed"] * completed + ["cancelled"] * cancelled
    ends += ["running"] * in_flight + ["pending"] * (waiting - in_flight)
    Page.objects.bulk_create(make_page(job, queue, index, end, data, url) for index, end in enumerate(ends))
    return job


def status_of(completed, failed, cancelled, waiting):
    if waiting:
        return "running" if completed + failed else "pending"
    if cancelled:
        return "cancelled"
    return "completed" if not failed else "partial" if completed else "failed"


def make_page(job, queue, index, status, data, url):
    ended = status in ("completed", "failed")
    address = url.format(index + 1)
    took_ms = random.Random(index).randrange(180, 2_400)
    return Page(
        token=uuid4() if status == "running" else None,
        job=job,
        host_queue=queue,
        index=index,
        url=address,
        canonical_url=address,
        status=status,
        attempts=1,
        available_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.started_at,
        sequence=index + 1 if ended else None,
        status_code=(200 if status == "completed" else 404) if ended else None,
        duration_ms=took_ms if ended else None,
        data=orjson.dumps(data or product(index)).decode() if status == "completed" else None,
        trace=orjson.dumps(trace(took_ms, status, address)).decode() if ended else None,
        error_code="http_error" if status == "failed" else None,
        error_message="The site answered 404 Not Found." if status == "failed" else None,
    )


def trace(ms, status, url):
    """How an attempt at a page that took so long may have gone."""
    if status == "failed":
        return {"phases": {"firstByte": ms - 35, "load": 35}, "redirects": [], "console": []}
    shares = {"start": 9, "connect": 5, "firstByte": 24, "load": 38, "wait": 21}
    phases = {name: ms * share // 100 for name, share in shares.items()}
    return {
        "phases": {**phases, "extract": ms - sum(phases.values())},
        "redirects": [
            {"url": url.replace("https:", "http:"), "status": 301},
            {"url": url.replace("https://", "https://www."), "status": 302},
        ],
        "console": [
            {"kind": "warning", "text": "Deprecated API used by shop.js:1412", "atMs": ms // 3},
            {"kind": "error", "text": "Failed to load resource: net::ERR_TUNNEL_CONNECTION_FAILED", "atMs": ms // 2},
            {"kind": "log", "text": "hydrated 48 nodes in 31 ms", "atMs": ms * 2 // 3},
            {
                "kind": "uncaught",
                "text": "TypeError: Cannot read properties of undefined (reading 'price')",
                "atMs": ms,
            },
        ],
    }


def product(index):
    things = ("Walnut Armchair", "Linen Throw Blanket", "Copper Teapot", "Slate Wall Clock", "Birch Side Table")
    return {
        "title": things[index % len(things)],
        "price": f"${19 + 37 * index % 900}.95",
        "image": f"https://store.com/images/{index}.jpg",
        "tags": ["kitchen", "handmade"] if index % 2 else None,
    }


def keep(page, output, content_type, content):
    """A file that was made of a page, asked for or, of HTML, not."""
    (row,) = store(page, [Capture(output, content_type, content)], {output} - {Output.HTML})
    row.save()
    return row


def keep_all(job):
    """HTML and pictures of the first completed pages of a job, and what became of a webhook of it."""
    for page in job.pages.filter(status="completed").order_by("index")[:6]:
        data = orjson.loads(page.data)
        keep(page, Output.HTML, "text/html; charset=utf-8", SHOP.format(**data).encode())
        keep(page, Output.SCREENSHOT, "image/png", picture(page.index))
    make_delivery(job.account, job=job, answers=[503, None, 200])
    make_delivery(job.account, job=job, answers=[500] * 3, status="given_up", event="scrape.failed")
    job.pages.filter(status="completed").update(blocked_requests=2, attempts=2)


def picture(number):
    """A shop's page in one of a few colours, as PNG."""
    shown = Image.new("RGB", (1280, 800), "white")
    draw = ImageDraw.Draw(shown)
    colour = (70 + 25 * (number % 5), 110, 150 + 15 * (number % 7))
    draw.rectangle((0, 0, 1280, 96), fill=colour)
    draw.rectangle((96, 176, 576, 656), fill=tuple(255 - (255 - one) // 3 for one in colour))
    for left, top, right, bottom in ((656, 184, 1120, 232), (656, 280, 800, 316)):
        draw.rectangle((left, top, right, bottom), fill=(40, 40, 40))
    for line in range(7):
        draw.rectangle((656, 372 + 40 * line, 1180 - 70 * (line % 3), 386 + 40 * line), fill=(200, 200, 200))
    answer = BytesIO()
    shown.save(answer, "PNG")
    return answer.getvalue()


SHOP = """<!doctype html><title>{title}</title><style>body {{ font-family: sans-serif; margin: 2em }}</style>
<h1>{title}</h1><p class="price">{price}</p>"""


def make_delivery(account, status="delivered", answers=(200,), job=None, event="job.completed", **overrides):
    """A delivery whose endpoint has answered so, the first one first; None: it has not."""
    body = {"id": "evt_1", "event": event, "data": {"jobId": job and job.public_id}}
    ended_at = (job and job.completed_at) or timezone.now() - timedelta(minutes=20)
    happened = WebhookEvent.objects.create(
        account=account,
        job=job,
        event=event,
        body=orjson.dumps(body).decode(),
        created_at=ended_at + timedelta(seconds=1),
    )
    waits = timezone.now() + timedelta(minutes=4) if status == "pending" else None
    fields = {"url": "https://hooks.example.com/scrpy", "status": status, "next_attempt_at": waits, **overrides}
    delivery = Delivery.objects.create(event=happened, account=account, attempts=len(answers), **fields)
    for number, code in enumerate(answers):
        at = ended_at + timedelta(minutes=1 + number)
        excerpt = "ok" if code == 200 else "No answer within 15 s." if code is None else "Bad gateway"
        delivery.tries.create(at=at, status_code=code, duration_ms=84 + 40 * number, excerpt=excerpt)
    return delivery


def make_deliveries(account):
    job = account.jobs.order_by("-pk").first()
    for _ in range(5):
        make_delivery(account, job=job)
    make_delivery(account, "pending", (503, None), job=job, event="scrape.failed")
    make_delivery(account, "given_up", (500,) * 8, job=job, url=LONG_URL)
    return make_delivery(account, event="webhook.test")


def make_schedule(account, runs=(), **overrides):
    """A schedule with what became of its runs, the first one first."""
    job = {"urls": ["https://store.com/1", "https://store.com/2"], "selectors": SELECTORS, **overrides.pop("job", {})}
    body = {"cron": "30 6 * * mon-fri", "timezone": "Europe/Berlin", "job": job, **overrides}
    schedule = running.make(account, read_schedule(body, complete=True))
    for number, status in enumerate(runs):
        ago = timedelta(days=len(runs) - number)
        job = make_job(account, completed=2, ago=ago, name=schedule.job_name) if status == "started" else None
        ScheduleRun.objects.create(
            schedule=schedule,
            due_at=timezone.now() - ago,
            ran_at=timezone.now() - ago,
            status=status,
            job=job,
            job_public_id=job and job.public_id,
            reason=None if job else "The job of the run before is still running.",
        )
    return schedule


def make_schedules(account):
    make_schedule(account, cron="@hourly", timezone="UTC", name="Stock", runs=["started"])
    make_schedule(account, cron="0 0 1 */3 *", name=LONG_NAME, paused=True)
    return make_schedule(account, name="Nightly prices", runs=["started", "started", "skipped", "started"])


def make_full(account):
    """An account in the middle of its day."""
    ApiKey.objects.issue(account=account, name="production")
    Worker.objects.create(host="worker-1", pid=1, lanes=16, target=12)
    Worker.objects.create(host="worker-2", pid=1, lanes=16, target=12)
    make_usage(account)
    for number in range(24):
        make_job(
            account, completed=40 + number, name=f"Nightly prices {number + 1}", ago=timedelta(days=1, hours=number)
        )
    keep_all(
        make_job(
            account,
            completed=11,
            failed=3,
            name="Sitemap of the outlet",
            ago=timedelta(hours=9),
            options='{"outputs":["screenshot"]}',
        )
    )
    make_job(account, failed=4, name="Login pages", ago=timedelta(hours=7))
    make_job(account, completed=80, cancelled=120, name="All reviews", ago=timedelta(hours=5))
    make_job(account, completed=1, ago=timedelta(hours=4), kind="scrape")
    make_job(account, completed=230, failed=7, name=LONG_NAME, ago=timedelta(hours=2), url=LONG_URL)
    make_job(account, waiting=35, name="Competitors, weekly", ago=timedelta(minutes=1))
    return make_job(
        account,
        completed=128,
        failed=9,
        waiting=263,
        name="Product pages of the autumn collection",
        ago=timedelta(minutes=4),
    )


def make_rest(account):
    """What the pages beside the jobs show: keys, schedules, deliveries, hosts, the ledger, members."""
    tomorrow = timezone.now() + timedelta(days=1)
    ApiKey.objects.issue(
        account=account, name=LONG_NAME[:100], scopes=["jobs:read", "account:read"], expires_at=tomorrow
    )
    ApiKey.objects.issue(account=account, name="trying things", test=True)[0].note_use()
    ApiKey.objects.issue(account=account, name="the old crawler")[0].revoke()
    make_deliveries(account)
    grant(account, amount=20_000, reason="Invoice 2026-0417")
    job = account.jobs.filter(status="completed").first()
    LedgerEntry.objects.bulk_create(
        LedgerEntry(account=account, job=job, amount=-1, reason="page completed") for _ in range(6)
    )
    live = account.jobs.live().first()
    HostQueue.objects.filter(job=live).update(ready_at=timezone.now())
    for number, host in enumerate(("outlet.example:443", LONG_URL.split("/")[2] + ":443", "slow.example:443")):
        queue = HostQueue.objects.create(job=live, host=host, ready_at=timezone.now())
        waiting = range(1_000 * (number + 1), 1_000 * (number + 1) + 14 + 9 * number)
        Page.objects.bulk_create(make_page(live, queue, index, "pending", None, LONG_URL) for index in waiting)
        soon = timezone.now() + timedelta(seconds=40)
        delays = {"delay_ms": 4_000 * (number == 2), "crawl_delay_ms": 1_000 * number}
        Host.objects.create(host=host, next_at=soon, slowed_at=timezone.now(), robots_at=timezone.now(), **delays)
    make_person(account, "member", username="linus", email="linus@example.com")
    make_person(account, "viewer", username=f"{'long' * 30}@example.com")
    return make_schedules(account)


LONG_NAME = (
    "Every product of every category in every language, with prices, stock, reviews and the pictures of all variants"
)
LONG_URL = "https://shop.example-of-a-rather-long-host-name.com/en/catalogue/furniture/seating/armchairs/{}?ref=category&sort=price-ascending"


def make_usage(account):
    """Thirty days, the last one by the hour."""
    now = timezone.now().astimezone(UTC)
    dice = random.Random(7)
    hours = [now - timedelta(hours=number) for number in range(24)] + [
        now - timedelta(days=day) for day in range(2, 30)
    ]
    keys = [0, *account.keys.order_by("pk").values_list("pk", flat=True)]
    DailyUsage.objects.bulk_create(
        DailyUsage(
            account=account,
            key=keys[number % len(keys)],
            day=hour.date(),
            hour=hour.hour,
            part=0,
            completed_urls=(amount := dice.randrange(200, 1_400) * (1 if number < 24 else 12)),
            failed_urls=amount // dice.randrange(12, 60),
            credits_used=amount,
        )
        for number, hour in enumerate(hours)
    )


def open_empty(name="new"):
    account = open_account(name, credits=500)
    ApiKey.objects.issue(account=account, name="first key")
    return account
