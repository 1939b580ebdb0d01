"""Workers: which processes render pages, and how many at once."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from jobs.admin import operations
from jobs.admin.html import badge, moment
from jobs.admin.site import BigTableAdmin, ReadOnly
from jobs.models import Worker
from jobs.models.worker import SEEN_WITHIN


@admin.register(Worker)
class WorkerAdmin(ReadOnly, BigTableAdmin):
    empty_text = "No worker has started yet: nothing is being rendered."
    ordering = ("-last_seen_at",)
    paginator = InfinitePaginator
    list_display = (
        "__str__",
        "state",
        "lanes",
        "target",
        "browsers",
        "memory",
        moment("started_at", "started"),
        moment("last_seen_at", "last seen"),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    "host",
                    "pid",
                    "state",
                    "lanes",
                    "target",
                    "browsers",
                    "memory",
                    moment("started_at", "started"),
                    moment("last_seen_at", "last seen"),
                )
            },
        ),
    )

    def get_urls(self) -> list[Any]:
        return [*operations.urls(self.admin_site), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """An ordinary one: there are few."""
        return ChangeList

    @admin.display(description="memory")
    def memory(self, worker: Worker) -> str:
        return "-" if worker.memory_bytes is None else filesizeformat(worker.memory_bytes)

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        return badge("live" if worker.last_seen_at > timezone.now() - SEEN_WITHIN else "silent")
