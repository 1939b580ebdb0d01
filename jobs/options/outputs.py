"""What is made of each page, beside the fields that are read of it."""

from jobs.reading import Notes, choices_of
from scraping.options import Output


def read_outputs(value: object, field: str, notes: Notes) -> frozenset[Output]:
    return frozenset(Output(name) for name in choices_of(*Output)(value, field, notes))
