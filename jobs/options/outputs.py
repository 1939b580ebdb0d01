"""What is made of each page, beside the fields that are read of it."""

from jobs.reading import Notes, choices_of, takes
from scraping.options import Output

read_names = choices_of(*Output)


@takes(read_names.schema)
def read_outputs(value: object, field: str, notes: Notes) -> frozenset[Output]:
    return frozenset(Output(name) for name in read_names(value, field, notes))
