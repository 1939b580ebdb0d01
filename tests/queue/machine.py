"""The queue as a state machine: whatever happens to jobs, in any order, on the real database."""

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.accounts import open_account
from jobs.intake import InsufficientCredits
from jobs.models import Account, Job, LedgerEntry, Page, Worker
from jobs.models.job import LIVE
from jobs.models.page import FINISHED, IN_FLIGHT, OPEN, PageStatus
from jobs.queue import leases
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch
from jobs.queue.plan import capacity
from jobs.queue.sweep import sweep
from jobs.recording import JobAlreadyFinished, cancel_job, record_failure, record_start, record_success
from scraping.errors import ConnectionFailed, InvalidSelector
from tests.queue.making import expire_leases, make_job, make_retries_due, make_worker

CREDITS, MOST_PAGES = 20, 2
AT_ONCE = timedelta(milliseconds=50)
"""Each statement has its own time, and a look puts what it leaves a millisecond ahead of itself."""
nth = st.integers(0, 30)


def succeed(page, *, token):
    return record_success(page, token=token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


def pages(**which):
    return list(Page.objects.filter(**which).select_related("job").order_by("pk"))


class Queue(RuleBasedStateMachine):
    """Workers here start and finish pages as they like; `claims` remembers every claim there ever was."""

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.accounts = [open_account("limited", credits=CREDITS), open_account("unlimited", unlimited=True)]
        Account.objects.filter(pk=self.accounts[0].pk).update(most_pages=MOST_PAGES)
        self.claims = set()
        self.ended = {}

    def teardown(self):
        try:
            self.drive_everything_to_its_end()
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    @initialize(slots=st.integers(1, 6))
    def hire(self, slots):
        self.slots = slots
        make_worker(slots)

    # -- what happens ----------------------------------------------------------------------------------

    @rule(
        account=st.sampled_from([0, 1]),
        pages_per_host=st.lists(st.integers(1, 5), min_size=1, max_size=3),
        max_attempts=st.integers(1, 3),
        host_concurrency=st.integers(1, 3),
    )
    def post(self, account, pages_per_host, **options):
        owner = Account.objects.get(pk=self.accounts[account].pk)
        enough = owner.unlimited or owner.credits >= sum(pages_per_host)
        jobs = Job.objects.count()
        with suppress(InsufficientCredits):
            make_job(owner, *pages_per_host, **options)
        assert Job.objects.count() == jobs + enough

    @rule()
    def look(self):
        dispatch()
        self.claims |= {(page.pk, page.token) for page in pages(token__isnull=False)}

    @rule(nth=nth)
    def start(self, nth):
        page = self.pick(nth, status=PageStatus.QUEUED)
        if page:
            assert leases.start(page, token=page.token, worker=uuid4())
            record_start(page)

    @rule(nth=nth)
    def succeed(self, nth):
        page = self.pick(nth, status=PageStatus.RUNNING)
        if page:
            assert succeed(page, token=page.token)

    @rule(nth=nth, error=st.sampled_from([ConnectionFailed(), InvalidSelector("Bad.", field="title")]))
    def fail(self, nth, error):
        page = self.pick(nth, status=PageStatus.RUNNING)
        if page:
            assert record_failure(page, error, token=page.token)
            again = error.retryable and page.attempts < page.job.max_attempts
            page.refresh_from_db()
            assert page.status == (PageStatus.PENDING if again else PageStatus.FAILED)

    @rule(nth=nth)
    def release(self, nth):
        page = self.pick(nth, status=PageStatus.RUNNING)
        if page:
            assert leases.release(page, token=page.token)
            assert Page.objects.get(pk=page.pk).attempts == page.attempts - 1

    @rule(nth=nth)
    def release_the_rest_of_a_run(self, nth):
        page = self.pick(nth, status__in=IN_FLIGHT)
        if page:
            leases.release_queued(page.job_id, page.token)
            assert not pages(token=page.token, status=PageStatus.QUEUED)

    @rule(nth=nth)
    def lose_a_worker(self, nth):
        page = self.pick(nth, status__in=IN_FLIGHT)
        if page:
            expire_leases(Page.objects.filter(token=page.token))

    @rule()
    def sweep(self):
        sweep()
        assert not pages(lease_expires_at__lte=database_now())

    @rule()
    def let_delays_pass(self):
        make_retries_due()

    @rule(nth=nth)
    def cancel(self, nth):
        jobs = list(Job.objects.order_by("pk"))
        if jobs:
            job = jobs[nth % len(jobs)]
            try:
                assert cancel_job(job).status == "cancelled"
            except JobAlreadyFinished:
                assert job.status in ("completed", "partial", "failed")

    @precondition(lambda self: self.claims)
    @rule(nth=nth)
    def come_too_late(self, nth):
        """A worker back from the dead, or a doubled message: every move under a claim that is over is refused."""
        pk, token = sorted(self.claims)[nth % len(self.claims)]
        [page] = pages(pk=pk)
        before = Page.objects.values().get(pk=pk)
        if page.token == token:
            return
        assert not leases.start(page, token=token, worker=uuid4())
        assert not succeed(page, token=token)
        assert not record_failure(page, ConnectionFailed(), token=token)
        assert not record_failure(page, InvalidSelector("Bad.", field="title"), token=token)
        assert not leases.release(page, token=token)
        assert Page.objects.values().get(pk=pk) == before

    @rule(nth=nth)
    def come_twice(self, nth):
        """The same message again, while the page is running: it is not started again."""
        page = self.pick(nth, status=PageStatus.RUNNING)
        if page:
            assert not leases.start(page, token=page.token, worker=uuid4())

    # -- what always holds -----------------------------------------------------------------------------

    @invariant()
    def counters_are_what_the_pages_say(self):
        by_status = defaultdict(Counter)
        for page in pages():
            by_status[page.job_id][page.status] += 1
        for job in Job.objects.all():
            count = by_status[job.pk]
            assert job.total_urls == sum(count.values())
            assert (job.completed_urls, job.failed_urls, job.cancelled_urls) == (
                count[PageStatus.COMPLETED],
                count[PageStatus.FAILED],
                count[PageStatus.CANCELLED],
            )
            assert job.open_urls == sum(count[status] for status in OPEN)
            assert job.credits_used == job.completed_urls

    @invariant()
    def a_job_has_ended_when_nothing_is_open_and_only_then(self):
        for job in Job.objects.all():
            ended = job.open_urls == 0
            assert ended == (job.status not in LIVE) == (job.completed_at is not None)
            assert not (ended and job.ready_at)

    @invariant()
    def ended_pages_never_change(self):
        now = {row["id"]: row for row in Page.objects.exclude(status__in=OPEN).values()}
        assert {pk: now.get(pk) for pk in self.ended} == self.ended
        self.ended = now

    @invariant()
    def ends_are_numbered_without_gaps(self):
        for job in Job.objects.all():
            sequences = sorted(page.sequence for page in pages(job=job, status__in=FINISHED))
            assert sequences == list(range(1, len(sequences) + 1))

    @invariant()
    def completed_pages_are_charged_once_and_no_others(self):
        charges = LedgerEntry.objects.filter(page__isnull=False).values_list("page", "amount")
        assert sorted(charges) == [(page.pk, -1) for page in pages(status=PageStatus.COMPLETED)]

    @invariant()
    def no_credit_is_made_or_lost(self):
        limited, unlimited = Account.objects.order_by("pk")
        reserved_or_charged = pages(job__account=limited, status__in=(*OPEN, PageStatus.COMPLETED))
        assert limited.credits + len(reserved_or_charged) == CREDITS
        assert unlimited.credits == 0

    @invariant()
    def pages_in_flight_have_a_claim_and_no_others(self):
        for page in pages():
            claimed = page.status in IN_FLIGHT
            assert claimed == (page.token is not None) == (page.lease_expires_at is not None)
            assert page.attempts <= page.job.max_attempts

    @invariant()
    def no_page_that_waits_is_out_of_sight(self):
        now = database_now()
        for page in Page.objects.filter(status=PageStatus.PENDING).select_related("job", "host_queue"):
            due = max(page.available_at, now) + AT_ONCE
            assert page.host_queue.ready_at
            assert page.host_queue.ready_at <= due
            assert page.job.ready_at
            assert page.job.ready_at <= due

    @invariant()
    def claims_stay_within_the_lanes_and_the_hosts_limits(self):
        runs = {page.token: page for page in pages(token__isnull=False)}
        assert len(runs) <= capacity(getattr(self, "slots", 0))
        at_host = Counter(page.host_queue_id for page in runs.values())
        limits = {page.host_queue_id: page.job.host_concurrency for page in runs.values()}
        assert all(at_host[host] <= limits[host] for host in at_host)

    @invariant()
    def claims_stay_within_what_an_account_may_have(self):
        of_limited = pages(token__isnull=False, job__account=self.accounts[0])
        assert len({page.token for page in of_limited}) <= MOST_PAGES

    # -- and the end -----------------------------------------------------------------------------------

    def drive_everything_to_its_end(self):
        if not Worker.objects.exists():
            return
        for _ in range(Page.objects.count() + 1):
            make_retries_due()
            dispatch()
            for page in pages(status=PageStatus.QUEUED):
                leases.start(page, token=page.token, worker=uuid4())
            for page in pages(status=PageStatus.RUNNING):
                succeed(page, token=page.token)
        assert not Job.objects.live().exists()
        self.counters_are_what_the_pages_say()
        self.ended_pages_never_change()
        self.completed_pages_are_charged_once_and_no_others()
        self.no_credit_is_made_or_lost()

    def pick(self, nth, **which):
        found = pages(**which)
        return found[nth % len(found)] if found else None
