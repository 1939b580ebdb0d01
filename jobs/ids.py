"""Names that outsiders see instead of row numbers: `job_4m2k…`, `evt_9x0q…`."""

import secrets

ALPHABET = "0123456789abcdefghijkmnpqrstuvwxyz"


def make_id(kind: str) -> str:
    """A new name, `kind` and 20 random characters (about 100 bits), fit for addresses and double clicks."""
    return f"{kind}_" + "".join(secrets.choice(ALPHABET) for _ in range(20))


def make_job_id() -> str:
    return make_id("job")


def make_event_id() -> str:
    return make_id("evt")


def make_delivery_id() -> str:
    return make_id("dlv")


def make_schedule_id() -> str:
    return make_id("sch")


def make_artifact_id() -> str:
    return make_id("art")
