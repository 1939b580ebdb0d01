import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.queue.machine import Queue


@pytest.mark.django_db
@pytest.mark.parametrize("examples", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_whatever_happens_nothing_is_lost_doubled_or_charged_wrongly(examples, queue):
    wide = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )

    run_state_machine_as_test(Queue, settings=wide)
