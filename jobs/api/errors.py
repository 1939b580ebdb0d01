"""What can go wrong with a request: a code with its HTTP status, a sentence, and the places where it went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.reading import shortened

STATUSES = {
    "invalid_request": 400,
    "unauthorized": 401,
    "insufficient_credits": 402,
    "insufficient_scope": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "idempotency_conflict": 409,
    "job_already_finished": 409,
    "job_not_finished": 409,
    "nothing_failed": 409,
    "nothing_kept": 409,
    "payload_too_large": 413,
    "unsupported_media_type": 415,
    "rate_limited": 429,
    "internal_error": 500,
    "service_unavailable": 503,
}
"""Every code that an answer can have, and the status it comes with."""

PROBLEMS = (
    "required",
    "invalid_type",
    "invalid_choice",
    "invalid_character",
    "out_of_range",
    "too_long",
    "too_many",
    "duplicate_key",
    "unknown_field",
    "unsupported_option",
    "invalid_url",
    "blocked_address",
    "invalid",
    "invalid_selector",
    "invalid_pattern",
    "invalid_transform",
    "invalid_path",
    "invalid_combination",
    "too_deep",
    "invalid_cron",
)
"""Every code that one of the `details` can have."""
MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: where (`urls[3]`), a code, and a sentence that tells what to do."""

    field: str
    code: str
    message: str
    line: int | None = None
    """Of the file that was sent, if one was."""


class ApiError(Exception):
    """The request cannot be answered as asked. Its text is for the client to read."""

    def __init__(
        self, code: str, message: str, *, problems: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUSES[code]
        self.problems = problems
        self.headers = headers or {}


def invalid_request(problems: Sequence[Problem], *, complete: bool = True) -> ApiError:
    """One error for all the problems; `complete` is False if the search for them was broken off."""
    if not complete:
        message = f"Much is wrong with this request. The first {len(problems)} problems are listed; there may be more."
    elif len(problems) == 1:
        message = f"{problems[0].field}: {problems[0].message}"
    else:
        message = f"{len(problems)} things are wrong with this request: see details."
    return ApiError("invalid_request", message, problems=problems)


def problem_as_dict(problem: Problem) -> dict[str, str | int]:
    shown: dict[str, str | int] = {"field": problem.field, "code": problem.code, "message": problem.message}
    return shown if problem.line is None else {**shown, "line": problem.line}


class Problems:
    """Collects what is wrong with one request, so that the client hears all of it at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, field: str, code: str, message: str) -> None:
        """Note a problem. Raises: ApiError once there are as many as an answer lists; the rest need no search."""
        self.found.append(Problem(shortened(field), code, message))
        if len(self.found) == MOST_PROBLEMS:
            raise invalid_request(self.found, complete=False)

    def raise_any(self) -> None:
        if self.found:
            raise invalid_request(self.found)
