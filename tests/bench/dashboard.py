"""What pages for people cost the server over a million stored pages, against a view that does nothing.

One account has them all, in many jobs and a large one; who looks is a member of it, and staff. All take turns, request
by request. Nothing but the web server runs.
"""

from collections.abc import Sequence
from functools import partial

from tests.bench.figures import Size, report
from tests.bench.stored import public_id
from tests.bench.web import ask, connected, on_each_database, turn, web_server_over
from tests.platform.running import Platform

LARGE = 100_000
TIMES = 10
"""How many times in a turn each page is asked for."""
SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
from jobs.models import Account, Membership
user = User.objects.create_superuser("bench")
Membership.objects.create(user=user, account=Account.objects.get(name="bench"), role="owner")
client = Client()
client.force_login(user)
print(client.cookies["sessionid"].value)
"""
OF_A_JOB = (
    "",
    "failures/",
    "deliveries/",
    "timeline/",
    "exports/",
    "request/",
    "fills/",
    "?q=products/99999",
    "pages/50000/",
)
OF_AN_ACCOUNT = ("", "now/", "jobs/", "jobs/?status=completed", "jobs/new/", "usage/", "keys/", "webhooks/", "hosts/")
OF_STAFF = ("", "jobs/account/", "jobs/job/", "jobs/page/", "jobs/page/?q=job_stored7", "jobs/worker/operations/")


def run(size: Size) -> None:
    for database, server in on_each_database():
        tell(f"dashboard on {database}, {size.pages:,} pages stored, {size.turns} turns", turns_on(server, size))


def turns_on(server: str, size: Size) -> list[dict[str, float]]:
    """What each page took, in seconds, in each turn; that which does nothing first."""
    with web_server_over(server, pages=size.pages, of_large=LARGE) as (platform, large):
        paths = [
            "/v1/nothing",
            *(f"/dashboard/{path}" for path in OF_AN_ACCOUNT),
            *(f"/dashboard/jobs/{public_id(large)}/{path}" for path in OF_A_JOB),
            *(f"/admin/{path}" for path in OF_STAFF),
        ]
        with connected(platform) as web:
            asked = partial(ask, web, {"Cookie": f"sessionid={signed_in(platform)}"}, "GET")
            pages = {path: partial(asked, path) for path in paths}
            return [turn(pages, times=TIMES) for _ in range(size.turns + 1)][1:]  # the first warms all up


def signed_in(platform: Platform) -> str:
    """The session of a member who is staff."""
    return platform.manage("shell", "-c", SIGN_IN).split()[-1]


def tell(title: str, turns: Sequence[dict[str, float]]) -> None:
    nothing, *paths = turns[0]
    report(
        title,
        {
            **{f"{path}, ms": [taken[path] * 1000 for taken in turns] for path in turns[0]},
            "slowest page / nothing": [max(taken[path] for path in paths) / taken[nothing] for taken in turns],
        },
    )
