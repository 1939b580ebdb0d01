"""The addresses under /v1."""

from django.urls import path

from jobs.api.jobs import Jobs, OneJob
from jobs.api.results import Results
from jobs.api.waiting import holding

urlpatterns = [
    path("jobs", Jobs.as_view()),
    path("jobs/<str:public_id>", holding(OneJob.as_view())),
    path("jobs/<str:public_id>/results", Results.as_view()),
]
