"""What the pages for staff share."""

from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator

__all__ = ["BigTableAdmin", "ReadOnly", "TabularInline", "go_to"]


class ReadOnly:
    """Rows that the machine writes and people look at: every field is shown, none can be changed."""

    fieldsets: Any

    def get_readonly_fields(self, _request: HttpRequest, _obj: object = None) -> tuple[Any, ...]:
        return tuple(flatten_fieldsets(self.fieldsets))

    def has_add_permission(self, *_args: object) -> bool:
        return False

    def has_change_permission(self, *_args: object) -> bool:
        return False

    def has_delete_permission(self, *_args: object) -> bool:
        return False


class BigTableAdmin(ModelAdmin):
    """A list that stays fast whatever the table holds: newest first, no count, no sorting by other columns."""

    empty_text = "Nothing here yet."
    ordering = ("-id",)
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    list_disable_select_all = True
    list_filter_sheet = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = InfinitePaginator
    keeps_history = False
    deferred_in_list: tuple[str, ...] = ()
    """Large columns that only a row's own page shows."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        listing = request.resolver_match and request.resolver_match.url_name == f"{self.opts.db_table}_changelist"
        return rows.defer(*self.deferred_in_list) if listing else rows

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"show_history": self.keeps_history, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on, also out of a dialog that htmx has posted."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
