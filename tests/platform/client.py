"""The API as a client uses it; every job it is told of has to add up."""

import http.client
import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ENDED = ("completed", "partial", "failed", "cancelled")
READ_WITHIN_S = 90


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """Of the error."""
        return str(self.body["error"]["code"])


@dataclass
class Client:
    """One account's. `polls` is all it was ever told about its jobs."""

    port: int
    key: str = field(repr=False)
    polls: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, body: object = None, more_headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own. Raises OSError or HTTPException if nobody answers."""
        content = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(more_headers or {})}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=READ_WITHIN_S)) as connection:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.headers), json.loads(response.read()))
        if "job" in answer.body and method != "POST":
            self.polls.append(answer.body["job"])
            assert_adds_up(answer.body["job"])
        return answer

    def post(self, urls: list[str], selectors: Mapping[str, object] | None = None, **more: object) -> dict[str, Any]:
        """The job that was made."""
        answer = self.ask("POST", "/v1/jobs", {"urls": urls, "selectors": selectors or {"title": "h1"}, **more})
        assert answer.status == 201, answer
        job: dict[str, Any] = answer.body["job"]
        return job

    def job(self, public_id: str, query: str = "") -> dict[str, Any]:
        answer = self.ask("GET", f"/v1/jobs/{public_id}{query}")
        assert answer.status == 200, answer
        job: dict[str, Any] = answer.body["job"]
        return job

    def cancel(self, public_id: str) -> Answer:
        return self.ask("DELETE", f"/v1/jobs/{public_id}")

    def wait(self, public_id: str, within_s: float = 120) -> dict[str, Any]:
        """The job once it has ended, results and all."""
        deadline = time.monotonic() + within_s
        while (job := self.job(public_id, "?results=false&wait=2"))["status"] not in ENDED:
            assert time.monotonic() < deadline, f"still {job['status']} after {within_s:.0f} s: {job}"
        return self.job(public_id)

    def scrape(
        self, urls: list[str], selectors: Mapping[str, object] | None = None, **more: object
    ) -> list[dict[str, Any]]:
        """The results of a job from its beginning to its end."""
        results: list[dict[str, Any]] = self.wait(self.post(urls, selectors, **more)["id"])["results"]
        return results

    def all_results(self, job: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Of an ended job, however many."""
        results, following = list(job["results"]), job["resultsNext"]
        while following:
            parts = urlsplit(following)
            answer = self.ask("GET", f"{parts.path}?{parts.query}")
            results += answer.body["results"]
            following = answer.body["next"]
        return results


def assert_adds_up(job: Mapping[str, Any]) -> None:
    """At every moment: no more URLs have ended than there are, at the end all of them; results are those counted."""
    finished = job["completedUrls"] + job["failedUrls"]
    still_open = job["totalUrls"] - finished - job["cancelledUrls"]
    assert still_open >= 0, job
    assert (still_open == 0) == (job["status"] in ENDED) == (job["completedAt"] is not None), job
    assert job["creditsUsed"] <= job["completedUrls"], job
    if "results" in job:
        assert len(job["results"]) == min(finished, 1_000), job
        indexes = [result["index"] for result in job["results"]]
        assert indexes == sorted(set(indexes)), indexes
