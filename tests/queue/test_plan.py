"""`plan` and `over_share`: pure decisions, checked against what they promise rather than against how they decide."""

from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.queue.plan import LONGEST_RUN, MANY, Flight, Waiting, capacity, over_share, plan

ACCOUNTS, JOBS, HOSTS = 4, 3, 4
lightly = settings(max_examples=50, deadline=None)


@dataclass
class Claimed:
    """A run as it is in flight: pages that have not started, and perhaps one that has."""

    holder: Waiting
    queued: int
    running: bool


@dataclass
class World:
    """Jobs with pages waiting at their hosts, and runs in flight. Claims and calls back as `dispatch` does."""

    slots: int
    hosts: list[Waiting]
    pages: dict[int, int]
    claimed: list[Claimed]

    def waiting(self):
        runs, of_jobs = self.runs_by("host_queue"), self.runs_by("job")
        accounts = self.runs_by("account")
        free = [host for host in self.hosts if accounts[host.account] < host.account_most]
        due = [host for host in free if self.pages[host.host_queue] and of_jobs[host.job] < host.job_limit]
        return [host for host in due if runs[host.host_queue] < host.host_limit]

    def flights(self):
        return [
            Flight(host.account, host.job, host.host_queue, len(runs), sum(run.queued for run in runs))
            for host in self.hosts
            if (runs := [run for run in self.claimed if run.holder == host])
        ]

    def starving(self):
        jobs = self.runs_by("job")
        return [host for host in self.waiting() if not jobs[host.job]]

    def runs_by(self, what):
        return Counter(getattr(run.holder, what) for run in self.claimed)

    def plan(self):
        return plan(slots=self.slots, waiting=self.waiting(), flights=self.flights())

    def claim(self, run):
        holder = next(host for host in self.hosts if host.host_queue == run.host_queue)
        pages = min(run.length, self.pages[run.host_queue])
        if pages:
            self.pages[run.host_queue] -= pages
            self.claimed.append(Claimed(holder, pages, running=False))
        return bool(pages)

    def dispatch(self):
        """Plan and claim until there is no room or nobody waits."""
        while claims := [run for run in self.plan() if self.claim(run)]:
            assert len(claims) <= capacity(self.slots)

    def start_all(self):
        for run in self.claimed[: self.slots]:
            run.queued, run.running = run.queued - 1, True

    def make_room(self):
        room = capacity(self.slots) - len(self.claimed)
        jobs = over_share(starving=self.starving(), flights=self.flights(), room=room)
        left = {jobs[run.holder.job] for run in self.claimed if run.running and run.holder.job in jobs}
        for run in self.claimed:
            if run.holder.job in jobs and not run.running and jobs[run.holder.job] not in left:
                left.add(jobs[run.holder.job])
            elif run.holder.job in jobs:
                self.pages[run.holder.host_queue] += run.queued
                run.queued = 0
        self.claimed = [run for run in self.claimed if run.running or run.queued]
        return jobs


@st.composite
def hosts_with_pages(draw, *, accounts=range(ACCOUNTS)):
    """Hosts of some jobs of some accounts, and how many pages wait at each."""
    hosts, pages = [], {}
    for account in draw(st.sets(st.sampled_from(accounts), max_size=len(accounts))):
        most = (2, 5, MANY, MANY)[account % 4]
        for nth_job in range(draw(st.integers(1, JOBS))):
            job, host_limit = account * 10 + nth_job, draw(st.integers(1, 6))
            job_limit = draw(st.sampled_from([1, 2, 5, MANY]))
            waiting = draw(st.lists(st.integers(1, 60), min_size=1, max_size=HOSTS))
            for nth_host, count in enumerate(waiting):
                hosts.append(Waiting(account, job, job * 10 + nth_host, host_limit, sum(waiting), job_limit, most))
                pages[job * 10 + nth_host] = count
    return hosts, pages


@st.composite
def worlds(draw):
    """Earlier comers in flight, some of their pages started, and later ones who find what is left."""
    slots = draw(st.integers(0, 16))
    hosts, pages = draw(hosts_with_pages())
    world = World(slots, hosts, pages, [])
    world.dispatch()
    world.start_all()
    later, more_pages = draw(hosts_with_pages(accounts=range(ACCOUNTS // 2, 2 * ACCOUNTS)))
    known = {host.job for host in hosts}
    world.hosts = hosts + [host for host in later if host.job not in known]
    world.pages |= {host.host_queue: more_pages[host.host_queue] for host in world.hosts[len(hosts) :]}
    for index in sorted(draw(st.sets(st.integers(0, 23))), reverse=True):
        if index < len(world.claimed):
            del world.claimed[index]
    return world


@lightly
@given(worlds())
def test_claims_never_exceed_the_capacity(world):
    runs = world.plan()

    assert len(runs) + len(world.claimed) <= max(capacity(world.slots), len(world.claimed))


@lightly
@given(worlds())
def test_no_host_gets_more_runs_than_its_limit(world):
    world.dispatch()

    limits = {host.host_queue: host.host_limit for host in world.hosts}
    assert all(runs <= limits[host_queue] for host_queue, runs in world.runs_by("host_queue").items())


@lightly
@given(worlds())
def test_no_job_gets_more_runs_than_its_limit(world):
    world.dispatch()

    limits = {host.job: host.job_limit for host in world.hosts}
    assert all(runs <= limits[job] for job, runs in world.runs_by("job").items())


@lightly
@given(worlds())
def test_no_account_gets_more_runs_than_its_limit(world):
    before = world.runs_by("account")
    world.dispatch()

    limits = {host.account: host.account_most for host in world.hosts}
    runs = world.runs_by("account")
    assert all(runs[account] <= max(before[account], limits[account]) for account in limits)


@lightly
@given(worlds())
def test_no_room_is_left_while_someone_could_use_it(world):
    world.dispatch()

    assert len(world.claimed) >= capacity(world.slots) or not world.waiting()


@lightly
@given(worlds())
def test_the_same_look_gives_the_same_plan_in_any_order_of_flights(world):
    flights = world.flights()

    again = plan(slots=world.slots, waiting=world.waiting(), flights=flights[::-1])

    assert again == world.plan()


@lightly
@given(worlds())
def test_a_run_is_at_most_half_an_equal_share_of_what_is_left_of_its_job(world):
    left = {host.job: host.open_pages for host in world.hosts}
    limits = {host.job: host.most_lanes for host in world.hosts}

    for run in world.plan():
        share = left[run.job] // min(world.slots, limits[run.job])
        assert 1 <= run.length <= min(LONGEST_RUN, max(1, share // 2))
        left[run.job] -= run.length


@lightly
@given(worlds())
def test_no_account_that_waits_for_more_is_left_behind_one_that_was_served(world):
    before = world.runs_by("account")
    world.dispatch()

    after, waiting = world.runs_by("account"), {host.account for host in world.waiting()}
    served = [account for account in after if after[account] > before[account]]
    assert all(after[one] <= after[other] + 1 for one in served for other in waiting)


@lightly
@given(worlds())
def test_no_job_that_waits_for_more_is_left_behind_a_job_of_its_account_that_was_served(world):
    before = world.runs_by("job")
    world.dispatch()

    after, account_of = world.runs_by("job"), {host.job: host.account for host in world.hosts}
    waiting = {host.job for host in world.waiting()}
    served = [job for job in after if after[job] > before[job]]
    rivals = [(one, other) for one in served for other in waiting if account_of[one] == account_of[other]]
    assert all(after[one] <= after[other] + 1 for one, other in rivals)


@lightly
@given(hosts_with_pages(), st.integers(0, 16))
def test_nothing_is_called_back_while_nobody_starves(made, slots):
    world = World(slots, *made, [])
    world.dispatch()

    assert over_share(starving=[], flights=world.flights()) == {}


@lightly
@given(worlds())
def test_nothing_is_called_back_from_an_account_that_holds_no_more_than_one_run(world):
    runs, account_of = world.runs_by("account"), {host.job: host.account for host in world.hosts}

    jobs = world.make_room()

    assert all(runs[account_of[job]] > 1 for job in jobs)


@lightly
@given(worlds())
def test_only_jobs_with_pages_that_have_not_started_are_called_back(world):
    queued = {run.holder.job for run in world.claimed if run.queued}

    jobs = world.make_room()

    assert set(jobs) <= queued


@lightly
@given(worlds())
def test_what_was_called_back_is_not_claimed_and_called_back_again(world):
    world.dispatch()
    looks = 0
    while world.make_room():
        world.dispatch()
        looks += 1
        assert looks <= len(world.hosts), "plan and call-back undo each other"


@lightly
@given(worlds())
def test_an_account_with_nothing_in_flight_gets_the_room_that_was_made(world):
    world.dispatch()
    newcomers = {host.account for host in world.starving()} - set(world.runs_by("account"))
    runs_before = len(world.claimed)

    world.make_room()
    made_room = len(world.claimed) < runs_before
    world.dispatch()

    assert not (newcomers and made_room) or newcomers & set(world.runs_by("account"))


def test_a_plan_without_workers_is_empty():
    waiting = [Waiting(1, 1, 1, 4, 10), replace(Waiting(1, 1, 2, 4, 10), host_limit=1)]

    assert plan(slots=0, waiting=waiting, flights=[]) == []


# -- priority and hosts, by example ----------------------------------------------------------------------


def test_the_more_urgent_job_of_an_account_is_first_and_that_of_another_account_keeps_its_share():
    calm, urgent = Waiting(1, 1, 1, 9, 90), Waiting(1, 2, 2, 9, 90, priority=5)
    other = Waiting(2, 3, 3, 9, 90)

    runs = plan(slots=4, waiting=[calm, urgent, other], flights=[])

    assert Counter(run.job for run in runs) == {2: 3, 3: 3}


def test_an_urgent_newcomer_has_pages_called_back_that_another_job_of_its_account_holds():
    held = Flight(1, 1, 1, runs=1, queued=4)

    assert over_share(starving=[Waiting(1, 2, 2, 9, 90, priority=5)], flights=[held]) == {1: ("job", 1)}
    assert over_share(starving=[Waiting(1, 2, 2, 9, 90, priority=-5)], flights=[replace(held, runs=3)]) == {}


def test_who_finds_room_has_nothing_called_back_from_those_that_hold_little_more():
    newcomer, held = Waiting(1, 2, 2, 9, 90), Flight(1, 1, 1, runs=2, queued=4)

    assert over_share(starving=[newcomer], flights=[held], room=0) == {1: ("job", 1)}
    assert over_share(starving=[newcomer], flights=[held], room=1) == {}
    assert over_share(starving=[newcomer], flights=[replace(held, runs=3)], room=1) == {1: ("job", 1)}
    assert over_share(starving=[newcomer], flights=[replace(held, account=2)], room=1) == {}
    assert over_share(starving=[newcomer], flights=[replace(held, account=2)], room=0) == {1: ("account", 2)}


def test_a_host_takes_no_more_runs_of_all_jobs_together_than_it_may():
    waiting = [Waiting(account, account, account, 9, 90, host="store.com:443") for account in (1, 2, 3)]
    elsewhere = Waiting(4, 4, 4, 2, 90, host="else.com:443")

    runs = plan(
        slots=16, waiting=[*waiting, elsewhere], flights=[Flight(5, 5, 5, 1, 0, host="store.com:443")], host_most=4
    )

    assert Counter(run.job for run in runs) == {1: 1, 2: 1, 3: 1, 4: 2}


def test_what_asks_no_host_for_anything_has_no_hosts_limit():
    assert len(plan(slots=8, waiting=[Waiting(1, 1, 1, 100, 900)], flights=[], host_most=1)) == capacity(8)


def test_where_a_host_is_paced_one_page_starts_whoever_waits():
    waiting = [Waiting(account, account, account, 9, 90, host="store.com:443", paced=True) for account in (1, 2)]

    runs = plan(slots=8, waiting=waiting, flights=[])

    assert [(run.job, run.length) for run in runs] == [(1, 1)]
