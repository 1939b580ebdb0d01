"""Hosts that the account's jobs wait for: how many URLs, and how gently each is treated, and why."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from jobs.dashboard.access import MemberRequest, page
from jobs.models import Account, Host, HostQueue, Job, Page
from jobs.models.page import PageStatus

ROWS = 25
LONGEST_HOST = 300


class Waits(NamedTuple):
    """A host, what of the account waits for it, and what is known of it. `own_delay_ms` is what jobs ask for."""

    name: str
    jobs: int
    waiting: int
    in_flight: int
    own_delay_ms: int
    known: Host | None

    @property
    def address(self) -> str:
        return HostQueue(host=self.name).address

    @property
    def proxied(self) -> bool:
        """Whether it is reached by a proxy of the caller's: then its pace is that job's alone."""
        return self.address != self.name

    @property
    def delay_ms(self) -> int:
        """The longest time between two starts that any of the jobs has to keep."""
        known = (self.known.delay_ms, self.known.crawl_delay_ms) if self.known else ()
        return max(self.own_delay_ms, *known, 0)


@page()
def hosts(request: MemberRequest) -> HttpResponse:
    """Four queries."""
    after = request.GET.get("after", "")[:LONGEST_HOST].replace("\0", "")
    found = list(waits_of(request.account, after=after))
    context = {
        "hosts": found[:ROWS],
        "after": after,
        "next": found[ROWS - 1].name if len(found) > ROWS else "",
        "most": settings.SCRPY_HOST_CONCURRENCY,
    }
    return render(request, "dashboard/hosts.html", context)


def waits_of(account: Account, *, after: str) -> Iterator[Waits]:
    """Of live jobs alone, by name, one more than is shown. Four queries."""
    # Everybody's, of which there are few: asked for an account's, SQLite looks through all the pages it ever had.
    claimed = Page.objects.filter(token__isnull=False).order_by()
    by_owner = claimed.values_list("job__account", "host_queue__host").annotate(Count("pk"))
    in_flight = {host: pages for owner, host, pages in by_owner if owner == account.pk}
    queues = HostQueue.objects.filter(job__in=Job.objects.live().filter(account=account).values("pk"))
    busy = queues.filter(Q(ready_at__isnull=False) | Q(host__in=in_flight), host__gt=after)
    named = list(
        busy.order_by("host").values("host").annotate(jobs=Count("pk"), delay_ms=Max("job__host_delay_ms"))[: ROWS + 1]
    )
    names = [each["host"] for each in named]
    waiting = waiting_at(queues.filter(host__in=names))
    known: Mapping[str, Host] = Host.objects.in_bulk(names)
    for each in named:
        name = each["host"]
        yield Waits(name, each["jobs"], waiting.get(name, 0), in_flight.get(name, 0), each["delay_ms"], known.get(name))


def waiting_at(queues: QuerySet[HostQueue]) -> dict[str, int]:
    """How many URLs wait at each host. One query, of an index of what is pending alone."""
    pending = Page.objects.filter(status=PageStatus.PENDING, host_queue__in=queues.values("pk"))
    return dict(pending.order_by().values_list("host_queue__host").annotate(Count("pk")))
