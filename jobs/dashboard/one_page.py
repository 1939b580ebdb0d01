"""One URL of a job: what became of it, what was made of it, and other rules tried on what was kept of it."""

from typing import Any

import orjson
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from jobs.api.bodies import read_document
from jobs.api.errors import ApiError
from jobs.api.job_requests import OF_READING
from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.advice import advice_on
from jobs.dashboard.course import course_of
from jobs.dashboard.fields import fields_of, pretty
from jobs.dashboard.files import PICTURE
from jobs.dashboard.trials import kept_html, try_rules_on
from jobs.intake import Refusal
from jobs.models import Job, Page
from jobs.models.membership import Role

MOST_RULES_CHARS = 200_000


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
    options = {name: value for name, value in orjson.loads(found.asked.options).items() if name in OF_READING}
    try:
        trial = try_rules_on(found, account=request.account, selectors=read_rules(rules), options=options)
    except (ApiError, Refusal) as refused:
        return shown(request, job, found, rules=rules, refused=refused)
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
    refused: ApiError | Refusal | None = None,
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
        "course": course_of(found),
        "truncated": orjson.loads(found.truncated) if found.truncated else [],
        "pictures": [one for one in artifacts if one.content_type == PICTURE],
        "html": kept_html(artifacts),
        "files": [one for one in artifacts if one.shown],
        "rules": rules,
        "error": refused,
        "problems": getattr(refused, "problems", ()),
        **(result_of(trial) if trial else {}),
    }
    return render(request, "dashboard/page.html", context, status=400 if refused else 200)


def own_page(job: Job, index: int) -> Page:
    """One query. Raises: Http404."""
    found = job.pages.filter(index=index).select_related("variant").defer(None).first()
    if found is None:
        raise Http404(f"Job {job.public_id} has no page {index}.")
    return found


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


def read_rules(text: str) -> Any:
    """Raises: ApiError."""
    if len(text) > MOST_RULES_CHARS:
        raise ApiError("invalid_request", f"Rules have {MOST_RULES_CHARS:,} characters at most.")
    return read_document(text.encode(errors="replace"), what="This", path="selectors")
