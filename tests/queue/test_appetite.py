"""How many pages a worker process wants at once, by how busy the machine is."""

import pytest

from jobs.worker.appetite import SHORT_OF_MEMORY, Appetite


@pytest.fixture
def appetite():
    return Appetite(usual=8, most=32)


def looks(appetite, count, **condition):
    usual = {"processors": 0.8, "memory": 0.5}
    return [appetite.look(**{"busy": appetite.pages, **usual, **condition}) for _ in range(count)]


def test_it_begins_as_usual_but_never_with_more_than_there_are_lanes():
    assert Appetite(usual=8, most=32).pages == 8
    assert Appetite(usual=8, most=4).pages == 4


def test_while_pages_only_wait_it_wants_more_up_to_its_lanes(appetite):
    assert looks(appetite, 3, processors=0.1) == [16, 32, 32]


def test_the_busier_the_processors_the_less_it_grows(appetite):
    assert looks(appetite, 2, processors=0.6) == [11, 15]


def test_with_fewer_in_hand_than_it_wants_it_wants_no_more(appetite):
    assert looks(appetite, 2, busy=7, processors=0.1) == [8, 8]


def test_well_used_processors_change_nothing(appetite):
    looks(appetite, 1, processors=0.1)

    assert looks(appetite, 2, processors=0.8) == [16, 16]


def test_when_processors_are_short_it_wants_less_but_not_less_than_usual(appetite):
    looks(appetite, 2, processors=0.1)

    assert looks(appetite, 8, processors=1.0) == [26, 21, 17, 14, 11, 9, 8, 8]


def test_when_memory_is_short_it_wants_less_down_to_one_page(appetite):
    assert looks(appetite, 4, memory=SHORT_OF_MEMORY + 0.01, processors=0.1) == [4, 2, 1, 1]


def test_once_there_is_memory_again_it_comes_back_to_what_is_usual(appetite):
    looks(appetite, 1, memory=SHORT_OF_MEMORY + 0.01)

    assert looks(appetite, 5) == [5, 6, 7, 8, 8]
