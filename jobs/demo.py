"""A job for whoever has none yet: products of the demo shop, and one that the shop does not have."""

import orjson
from django.conf import settings

from jobs.intake import JobRequest, Wanted, create_job, queueing
from jobs.models import Account, Job
from jobs.options import options_of
from scraping.egress import check

PRODUCTS = 24
MISSING = 9_999
SELECTORS = {
    "title": "h1",
    "price": ".price",
    "image": "img.product@src",
    "tags": [".tags li"],
    "reviewers": [".review .author"],
}


def run_demo(account: Account) -> Job:
    """For development, where the shop is. Raises: Refusal."""
    shop = f"http://127.0.0.1:{settings.SHOP_PORT}/products"
    urls = [f"{shop}/{number}" for number in (*range(1, PRODUCTS + 1), MISSING)]
    request = JobRequest(
        name="Demo: products of a shop",
        wanted=[Wanted(check(url, settings.EGRESS_POLICY)) for url in urls],
        selectors=orjson.dumps(SELECTORS).decode(),
        options="{}",
        metadata="{}",
        webhook=None,
        **queueing(options_of(Job(options="{}"))),
    )
    return create_job(account=account, request=request)
