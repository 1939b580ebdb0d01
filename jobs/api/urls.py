"""The addresses under /v1."""

from django.urls import path

from jobs.api.artifacts import OneArtifact
from jobs.api.deliveries import Deliveries, OneDelivery, Resend, TestDelivery
from jobs.api.events import Events
from jobs.api.jobs import Jobs, OneJob
from jobs.api.pages import OnePage
from jobs.api.reextract import Reextract
from jobs.api.reruns import Purge, Retry
from jobs.api.results import Results
from jobs.api.schedules import OneSchedule, Pause, Resume, RunNow, Runs, Schedules
from jobs.api.schema.pages import Document
from jobs.api.scrape import Preview, Scrape
from jobs.api.usage import Usage
from jobs.api.waiting import holding

urlpatterns = [
    path("artifacts/<str:public_id>", OneArtifact.as_view()),
    path("deliveries/<str:public_id>", OneDelivery.as_view()),
    path("deliveries/<str:public_id>/resend", Resend.as_view()),
    path("jobs", Jobs.as_view()),
    path("jobs/<str:public_id>", holding(OneJob.as_view())),
    path("jobs/<str:public_id>/events", Events.as_view()),
    path("jobs/<str:public_id>/pages/<str:index>", OnePage.as_view()),
    path("jobs/<str:public_id>/purge", Purge.as_view()),
    path("jobs/<str:public_id>/deliveries", Deliveries.as_view()),
    path("jobs/<str:public_id>/reextract", Reextract.as_view()),
    path("jobs/<str:public_id>/results", Results.as_view()),
    path("jobs/<str:public_id>/retry", Retry.as_view()),
    path("openapi.json", Document.as_view()),
    path("preview", holding(Preview.as_view())),
    path("schedules", Schedules.as_view()),
    path("schedules/<str:public_id>", OneSchedule.as_view()),
    path("schedules/<str:public_id>/pause", Pause.as_view()),
    path("schedules/<str:public_id>/resume", Resume.as_view()),
    path("schedules/<str:public_id>/run", RunNow.as_view()),
    path("schedules/<str:public_id>/runs", Runs.as_view()),
    path("scrape", holding(Scrape.as_view())),
    path("usage", Usage.as_view()),
    path("webhooks/test", TestDelivery.as_view()),
]
