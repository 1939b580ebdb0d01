"""The first page: what runs, what came of it lately, what is left."""

from django.http import HttpResponse
from django.shortcuts import render

from jobs.dashboard.access import MemberRequest, page


@page()
def overview(request: MemberRequest) -> HttpResponse:
    return render(request, "dashboard/overview.html", {})
