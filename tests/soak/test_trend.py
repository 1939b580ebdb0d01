"""What counts as growth, and what does not."""

import pytest

from tests.soak.trend import trends


def samples_of(name, values):
    return [{name: float(value)} for value in values]


def grown(samples):
    return [trend.name for trend in trends(samples) if trend.grown]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("driver MB", range(100, 400, 3)),
        ("worker descriptors", range(50, 150)),
        ("queue keys", range(100)),
        ("temporary files", range(20, 120)),
        ("chromium processes", [2] * 50 + [12] * 50),
    ],
)
def test_what_goes_on_growing_has_grown(name, values):
    assert grown(samples_of(name, values)) == [name]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("driver MB", [*range(100, 400, 15), *[400] * 80]),
        ("driver MB", [300, 500] * 50),
        ("worker descriptors", [50] * 100),
        ("queue keys", [3, 9, 5, 7] * 25),
        ("temporary files", [10] * 95 + [400] * 5),
    ],
)
def test_what_warms_up_and_moves_about_has_not(name, values):
    assert grown(samples_of(name, values)) == []


def test_a_gauge_that_appears_late_has_grown():
    samples = [{}] * 60 + samples_of("stray processes", [8] * 40)

    assert grown(samples) == ["stray processes"]


def test_too_few_looks_tell_nothing():
    with pytest.raises(ValueError, match="run for longer"):
        trends(samples_of("driver MB", range(13)))
