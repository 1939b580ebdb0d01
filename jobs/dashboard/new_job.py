"""A new job: URLs, fields and options, tried on the first URL before it is made.

What the form makes is the very JSON that the API takes, and it is read by the API's own readers.
"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from jobs.api.bodies import read_document
from jobs.api.errors import ApiError, Problem, invalid_request
from jobs.api.job_requests import FOR_MANY, read_job_request, read_preview_request
from jobs.api.uploads import Upload, kind_of
from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.advice import advice_on
from jobs.dashboard.fields import fields_of
from jobs.dashboard.trials import try_rules_on
from jobs.intake import Refusal, create_job
from jobs.models import ApiKey, Job
from jobs.models.membership import Role
from scraping.options import Output

PICTURED = (Output.FULL_PAGE_SCREENSHOT.value, Output.ELEMENTS.value)
"""What a page is shown by, to be clicked on."""
OF_MANY = {*FOR_MANY, "outputs"}
TITLES = {
    Output.SCREENSHOT: "Screenshot",
    Output.FULL_PAGE_SCREENSHOT: "Screenshot of all of it",
    Output.PDF: "PDF",
    Output.MARKDOWN: "Markdown",
    Output.HTML: "HTML",
    Output.TEXT: "Text",
    Output.LINKS: "Links",
    Output.METADATA: "Metadata",
}
"""The outputs that people choose from."""
START: dict[str, Any] = {"urls": [], "selectors": {"title": "h1"}}


@page(needs=Role.MEMBER)
def new_job(request: MemberRequest) -> HttpResponse:
    """One query."""
    return render(request, "dashboard/new_job.html", form_of(request, START))


@page("POST", needs=Role.MEMBER)
def create(request: MemberRequest) -> HttpResponse:
    """Make the job, or show the form again with what is wrong with it."""
    asked: dict[str, Any] = START
    try:
        asked = read_asked(request)
        file = request.FILES.get("file")
        wanted = read_job_request(asked if file is None else upload_of(asked, file))
        job = create_job(account=request.account, request=wanted)
    except (ApiError, Refusal) as error:
        context = {**form_of(request, asked), **refusal(error)}
        return render(request, "dashboard/new_job.html", context, status=422)
    messages.success(request, "The job is made; its results appear as its pages end.")
    return redirect("dashboard:job", job.public_id)


@page("POST", needs=Role.MEMBER)
def preview(request: MemberRequest) -> HttpResponse:
    """Try the rules on the first URL: visited, or, where it was before, as it was kept then."""
    try:
        asked = read_asked(request)
        job = reread(request, asked) if request.POST.get("kept") else visit(request, asked)
    except (ApiError, Refusal) as error:
        return render(request, "dashboard/parts/preview.html", refusal(error))
    return render(request, "dashboard/parts/preview.html", {"job": job})


@page()
def previewed(request: MemberRequest, public_id: str) -> HttpResponse:
    """What became of it so far. Three queries at most."""
    job = own_job(request, public_id)
    if job.live:
        return render(request, "dashboard/parts/preview.html", {"job": job})
    one = get_object_or_404(job.pages, index=0)
    files = {artifact.output: artifact for artifact in one.artifacts.filter(shown=True, action=None)}
    context = {
        "job": job,
        "page": one,
        "fields": list(fields_of(one)),
        "advice": advice_on(one.error_code),
        "picture": files.get(Output.FULL_PAGE_SCREENSHOT),
        "elements": files.get(Output.ELEMENTS),
    }
    return render(request, "dashboard/parts/preview.html", context)


def read_asked(request: HttpRequest) -> dict[str, Any]:
    """The JSON that the form's script has put together. Raises: ApiError."""
    asked = read_document(request.POST.get("request", "").encode(errors="replace"), what="The request")
    if not isinstance(asked, dict):
        raise invalid_request([Problem("request", "invalid_type", "Expected one JSON object: { … }.")])
    return asked


def upload_of(asked: dict[str, Any], file: "UploadedFile[bytes]") -> Upload:
    kind = kind_of(file)
    if kind is None:
        raise invalid_request([Problem("file", "invalid_choice", "Choose a file whose name ends in .csv or .ndjson.")])
    return Upload({name: value for name, value in asked.items() if name != "urls"}, file, kind, b"")


def visit(request: MemberRequest, asked: dict[str, Any]) -> Job:
    """Raises: ApiError, Refusal."""
    options = {**of_one(asked), "outputs": list(PICTURED)}
    wanted, _ = read_preview_request({**first_url(asked), "selectors": asked.get("selectors", {}), "options": options})
    return create_job(account=request.account, request=wanted)


def reread(request: MemberRequest, asked: dict[str, Any]) -> Job:
    """Read the page that an earlier preview kept. Raises: ApiError, Refusal, Http404."""
    source = get_object_or_404(own_job(request, request.POST["kept"]).pages, index=0)
    selectors = asked.get("selectors", {})
    return try_rules_on(source, account=request.account, selectors=selectors, options=of_one(asked))


def of_one(asked: dict[str, Any]) -> dict[str, Any]:
    """The options that mean something for one page."""
    options = asked.get("options", {})
    return {name: value for name, value in options.items() if name not in OF_MANY} if isinstance(options, dict) else {}


def first_url(asked: dict[str, Any]) -> dict[str, Any]:
    urls = asked.get("urls")
    first = urls[0] if isinstance(urls, list) and urls else None
    return {"url": first} if isinstance(first, str) else {}


def form_of(request: MemberRequest, asked: dict[str, Any]) -> dict[str, Any]:
    """One query."""
    key = ApiKey.objects.usable().filter(account=request.account).order_by("pk").first()
    api = f"{settings.SCRPY_PUBLIC_URL}/v1/jobs"
    facts = {"asked": asked, "api": api, "key": key.prefix if key else "YOUR_KEY"}
    return {"facts": facts, "most_urls": settings.SCRPY_MAX_URLS_PER_JOB, "outputs": TITLES.items()}


def refusal(error: Exception) -> dict[str, Any]:
    return {"error": str(error), "problems": getattr(error, "problems", ())}
