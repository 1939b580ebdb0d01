"""What the pages show: people, and jobs of every kind, made at once and without a worker."""

import random
import struct
import zlib
from datetime import UTC, timedelta
from itertools import count
from uuid import uuid4

import orjson
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.accounts import open_account
from jobs.artifacts import store
from jobs.models import ApiKey, DailyUsage, Delivery, HostQueue, Job, Membership, Page, WebhookEvent, Worker
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
    dice = random.Random(index)
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
        duration_ms=dice.randrange(180, 2_400) if ended else None,
        data=orjson.dumps(data or product(index)).decode() if status == "completed" else None,
        error_code="http_error" if status == "failed" else None,
        error_message="The site answered 404 Not Found." if status == "failed" else None,
    )


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
    make_delivery(job, answers=[503, None, 200])
    make_delivery(job, answers=[500] * 3, status="given_up", event="scrape.failed")
    job.pages.filter(status="completed").update(blocked_requests=2, attempts=2)


def picture(number):
    """A picture in one of a few colours, as PNG."""
    width, height = 640, 400
    row = b"\0" + bytes((210 - 20 * (number % 5), 190, 150 + 15 * (number % 7))) * width
    parts = (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row * height))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*parts, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


SHOP = """<!doctype html><title>{title}</title><style>body {{ font-family: sans-serif; margin: 2em }}</style>
<h1>{title}</h1><p class="price">{price}</p>"""


def make_delivery(job, *, status="delivered", answers=(200,), event="job.completed", **overrides):
    """A delivery of the job's, whose endpoint has answered so, the first one first; None: it has not."""
    at = (job.completed_at or timezone.now()) + timedelta(seconds=1)
    happened = WebhookEvent.objects.create(account=job.account, job=job, event=event, body="{}", created_at=at)
    fields = {"url": "https://hooks.example.com/scrpy", "status": status, **overrides}
    delivery = Delivery.objects.create(event=happened, account=job.account, attempts=len(answers), **fields)
    for number, code in enumerate(answers):
        excerpt = f"Answer {code}" if code else "No answer within 15 s."
        at += timedelta(minutes=1)
        delivery.tries.create(at=at, status_code=code, duration_ms=84 + 40 * number, excerpt=excerpt)
    return delivery


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
    DailyUsage.objects.bulk_create(
        DailyUsage(
            account=account,
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
