"""Places that lanes are lent from."""

import asyncio

import pytest

from scraping.browser.room import Room


async def settled():
    """Everything that can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


def coming(room, count):
    return [asyncio.create_task(room.enter()) for _ in range(count)]


def run(scene):
    asyncio.run(scene())


@pytest.fixture
def room():
    return Room(2)


def test_who_comes_when_all_places_are_taken_waits_for_the_first_that_is_left(room):
    async def scene():
        tasks = coming(room, 4)
        await settled()
        assert [task.done() for task in tasks] == [True, True, False, False]
        room.leave()
        await settled()
        assert [task.done() for task in tasks] == [True, True, True, False]
        tasks[3].cancel()

    run(scene)


def test_who_gives_up_waiting_is_passed_over(room):
    async def scene():
        tasks = coming(room, 4)
        await settled()
        tasks[2].cancel()
        room.leave()
        await settled()
        assert tasks[3].done()

    run(scene)


def test_a_place_that_is_given_to_one_who_gives_up_goes_to_the_next(room):
    async def scene():
        tasks = coming(room, 4)
        await settled()
        room.leave()
        tasks[2].cancel()
        await settled()
        assert tasks[2].cancelled()
        assert tasks[3].done()

    run(scene)


def test_more_places_let_in_those_who_wait(room):
    async def scene():
        tasks = coming(room, 4)
        await settled()
        room.resize(4)
        await settled()
        assert all(task.done() for task in tasks)

    run(scene)


def test_with_fewer_places_who_is_in_stays_and_others_wait_until_enough_have_left(room):
    async def scene():
        tasks = coming(room, 3)
        await settled()
        room.resize(1)
        room.leave()
        await settled()
        assert not tasks[2].done()
        room.leave()
        await settled()
        assert tasks[2].done()

    run(scene)
