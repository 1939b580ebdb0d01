"""A platform that is harmed keeps its promises, and a run tells of one that does not."""

import pytest

from tests.chaos.checker import judge
from tests.chaos.run import run
from tests.environment import ON_POSTGRES


def harm(sabotage, **more):
    env = {"DJANGO_SETTINGS_MODULE": "tests.chaos.sabotaged", "SABOTAGE": sabotage}
    return run(seed=5, more_env=env, settle_within_s=10, conclude=judge, **more)


def test_a_minute_of_every_kind_of_harm_leaves_nothing_off():
    verdict = run(seed=1, urls=300, kills=14, postgres=ON_POSTGRES, conclude=judge)

    assert verdict.details() == []
    assert verdict.urls == 300
    assert len(verdict.recoveries) == 14


@pytest.mark.slow
def test_without_the_guard_of_claims_it_is_told():
    verdict = harm("WithoutGuard", urls=400, kills=4, kinds=["worker stopped"])

    assert verdict.details()


@pytest.mark.slow
def test_without_the_sweep_it_is_told():
    verdict = harm("WithoutSweep", urls=100, kills=3, kinds=["worker"], minutes=1)

    assert verdict.lost


@pytest.mark.slow
def test_with_a_transaction_in_parts_it_is_told():
    verdict = harm("WithSplitTransaction", urls=300, kills=12, kinds=["worker"], minutes=3)

    assert verdict.charges_off or verdict.others
