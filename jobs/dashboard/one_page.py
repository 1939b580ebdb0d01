"""One URL of a job: what became of it, what was made of it, and other rules tried on what was kept of it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from jobs.api.bodies import read_document
from jobs.api.errors import ApiError
from jobs.api.job_requests import NOWHERE, OF_READING, read_preview_request
from jobs.artifacts import FileGone, StorageAway, content_of
from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.advice import advice_on
from jobs.dashboard.files import PICTURE
from jobs.intake import Refusal
from jobs.models import Artifact, Job, Page
from jobs.models.membership import Role
from jobs.rereading import create_preview
from scraping.options import Output

SHORT_CHARS = 300
"""A longer value is folded."""
MOST_LINES = 8
LINE_CHARS = 80
MOST_RULES_CHARS = 200_000


class CannotTry(Exception):
    """Why rules cannot be tried, in sentences for people."""


class Field(NamedTuple):
    """A field's value as text, what became of it where that is known, and the beginning of a long value."""

    name: str
    text: str
    head: str
    report: dict[str, Any]

    @property
    def outcome(self) -> str:
        """Why there is no value, in words; empty if there is one, or nobody knows."""
        status: str = self.report.get("status", "found")
        return "" if status == "found" else status.replace("_", " ")


@page()
def one_page(request: MemberRequest, public_id: str, index: int) -> HttpResponse:
    """Three queries; two more with a trial."""
    job = own_job(request, public_id)
    found = own_page(job, index)
    trial = trial_of(request)
    rules = pretty(trial.selectors if trial else found.asked.selectors)
    return shown(request, job, found, rules=rules, trial=trial)


@page("POST", needs=Role.MEMBER)
def try_rules(request: MemberRequest, public_id: str, index: int) -> HttpResponse:
    """Make a preview of the page's kept HTML, and go to where it will be seen; or say what is wrong with the rules."""
    job = own_job(request, public_id)
    found = own_page(job, index)
    rules = request.POST.get("rules", "")
    try:
        trial = made_trial(request, found, rules)
    except CannotTry as refused:
        return shown(request, job, found, rules=rules, problems=str(refused).split("\n"))
    return redirect(f"{reverse('dashboard:page', args=[public_id, index])}?trial={trial.public_id}#try")


@page()
def trial(request: MemberRequest, public_id: str) -> HttpResponse:
    """What came of a trial, for a page that is open. Two queries."""
    return render(request, "dashboard/parts/trial.html", result_of(own_job(request, public_id)))


def shown(
    request: MemberRequest,
    job: Job,
    found: Page,
    *,
    rules: str,
    problems: Sequence[str] = (),
    trial: Job | None = None,
) -> HttpResponse:
    """The whole page. One query, and one for what came of a trial."""
    artifacts = list(found.artifacts.order_by("pk"))
    context = {
        "job": job,
        "page": found,
        "fields": list(fields_of(found)),
        "advice": advice_on(found.error_code),
        "redirected": found.final_url not in (None, found.url, found.canonical_url),
        "actions": pretty(found.actions) if found.actions else None,
        "truncated": orjson.loads(found.truncated) if found.truncated else [],
        "pictures": [one for one in artifacts if one.content_type == PICTURE],
        "html": kept_html(artifacts),
        "files": [one for one in artifacts if one.shown],
        "rules": rules,
        "problems": problems,
        **(result_of(trial) if trial else {}),
    }
    return render(request, "dashboard/page.html", context, status=400 if problems else 200)


def own_page(job: Job, index: int) -> Page:
    """One query. Raises: Http404."""
    found = job.pages.filter(index=index).select_related("variant").first()
    if found is None:
        raise Http404(f"Job {job.public_id} has no page {index}.")
    return found


def kept_html(artifacts: Sequence[Artifact]) -> Artifact | None:
    return next((one for one in artifacts if one.output == Output.HTML and one.action is None), None)


def fields_of(page: Page) -> Iterator[Field]:
    data: dict[str, Any] = orjson.loads(page.data) if page.data else {}
    reports: dict[str, Any] = orjson.loads(page.reports) if page.reports else {}
    for name in dict.fromkeys((*data, *reports)):
        text = as_text(data.get(name))
        short = len(text) <= SHORT_CHARS and text.count("\n") < MOST_LINES
        head = "" if short else text[:SHORT_CHARS].partition("\n")[0].strip() + "…"
        yield Field(name, text, head, reports.get(name, {}))


def as_text(value: object) -> str:
    """Text as it is, the rest as JSON, on one line where it fits."""
    if value is None or isinstance(value, str):
        return value or ""
    line = orjson.dumps(value).decode()
    return line if len(line) <= LINE_CHARS else pretty(line)


def pretty(text: str) -> str:
    """JSON text, for people."""
    return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()


def trial_of(request: MemberRequest) -> Job | None:
    """The trial that the address names, if it is there yet. One query, or none."""
    name = request.GET.get("trial", "")
    if not name or "\0" in name:
        return None
    return Job.objects.filter(account=request.account, kind=Job.Kind.PREVIEW, public_id=name).first()


def result_of(trial: Job) -> dict[str, Any]:
    """What came of it. One query."""
    only = trial.pages.first()
    return {
        "trial": trial,
        "trial_page": only,
        "trial_fields": list(fields_of(only)) if only else [],
        "trial_advice": advice_on(only.error_code if only else None),
    }


def made_trial(request: MemberRequest, found: Page, rules: str) -> Job:
    """Raises: CannotTry."""
    kept = kept_html(list(found.artifacts.filter(output=Output.HTML)))
    if kept is None:
        raise CannotTry("No HTML is kept of this page: options.keepHtml was off, or it was removed to make room.")
    try:
        html = content_of(kept).decode()
        asked, _ = read_preview_request(preview_of(found, html, read_rules(rules)))
        return create_preview(account=request.account, request=asked, html=html)
    except ApiError as error:
        raise CannotTry("\n".join(map(sentence, error.problems)) or str(error)) from error
    except FileGone as gone:
        raise CannotTry("The HTML that was kept of this page is gone.") from gone
    except StorageAway as error:
        raise CannotTry("The storage of files is away; try again in a moment.") from error
    except Refusal as refusal:
        raise CannotTry(str(refusal)) from refusal


def sentence(problem: Any) -> str:
    return f"{problem.field}: {problem.message}"


def read_rules(text: str) -> Any:
    """Raises: ApiError."""
    if len(text) > MOST_RULES_CHARS:
        raise ApiError("invalid_request", f"Rules have {MOST_RULES_CHARS:,} characters at most.")
    return read_document(text.encode(errors="replace"), what="This", path="selectors")


def preview_of(found: Page, html: str, selectors: Any) -> dict[str, Any]:
    """The body that `POST /v1/preview` would have: as the page was read, where it stood."""
    options = {name: value for name, value in orjson.loads(found.asked.options).items() if name in OF_READING}
    url = found.final_url or found.canonical_url
    return {"url": url if url.startswith(("http://", "https://")) else NOWHERE, "html": html} | {
        "selectors": selectors,
        "options": options,
    }
