"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from jobs.api.metrics import metrics
from jobs.api.probes import healthz, readyz
from jobs.api.schema import pages

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="dashboard:overview")),
    path("dashboard/", include("jobs.dashboard.urls")),
    path("v1/", include("jobs.api.urls")),
    path("docs", pages.swagger, name="docs"),
    path("docs/redoc", pages.redoc),
    path("docs/redoc.js", pages.redoc_script, name="redoc-script"),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]

handler500 = "scrpy.failures.failed"
