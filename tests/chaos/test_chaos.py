"""A platform that is harmed keeps its promises, and a run tells of one that does not."""

import signal

import pytest

from tests.chaos.checker import judge
from tests.chaos.faults import Signal
from tests.chaos.run import run
from tests.environment import ON_POSTGRES

DEATH = Signal("worker", "supervisor", process="worker")
LONG_SLEEP = Signal(
    "worker stopped", "nobody", 50.0, process="worker", number=signal.SIGSTOP, between_transactions=True
)
"""Past its lease others do what it had in hand; after a minute it would end itself on waking up."""


def harm(sabotage, fault, **more):
    env = {"DJANGO_SETTINGS_MODULE": "tests.chaos.sabotaged", "SABOTAGE": sabotage}
    return run(seed=5, choose=lambda _: [fault], more_env=env, settle_within_s=10, conclude=judge, **more)


def test_a_minute_of_every_kind_of_harm_leaves_nothing_off():
    verdict = run(seed=1, urls=300, kills=14, postgres=ON_POSTGRES, conclude=judge)

    assert verdict.details() == []
    assert verdict.urls == 300
    assert len(verdict.recoveries) == 14


@pytest.mark.slow
def test_without_the_guard_of_claims_it_is_told():
    verdict = harm("WithoutGuard", LONG_SLEEP, urls=60, kills=1)

    assert verdict.details()


@pytest.mark.slow
def test_without_the_sweep_it_is_told():
    verdict = harm("WithoutSweep", DEATH, urls=100, kills=3, minutes=1)

    assert verdict.lost


@pytest.mark.slow
def test_with_a_transaction_in_parts_it_is_told():
    verdict = harm("WithSplitTransaction", DEATH, urls=300, kills=12, minutes=3)

    assert verdict.charges_off or verdict.others
