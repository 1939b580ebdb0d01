"""What the pages for staff share."""

from collections.abc import Collection
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline
from unfold.dataclasses import UnfoldAction
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from jobs.admin import trail

__all__ = ["BigTableAdmin", "ReadOnly", "StateActions", "TabularInline", "go_to"]

ROWS_LOOKED_THROUGH = 200_000
"""How far back a search or filter goes that no index serves."""
LONGEST_ID = 19


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


class StateActions:
    """Offers of the actions on a row's page those that its state allows."""

    model: Any

    def actions_now(self, row: Any) -> Collection[str]:
        """The names of those that make sense."""
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        allowed: list[UnfoldAction] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        row = self.model.objects.filter(pk=object_id).first() if object_id.isdecimal() and allowed else None
        now = self.actions_now(row) if row else ()
        return [action for action in allowed if action.path in now]


class EndlessPaginator(InfinitePaginator):
    """Only for its looks: `EndlessList` finds the rows."""

    template_name = "admin/endless.html"


class EndlessList(ChangeList):
    """A list that goes on after the last row that was shown, whose place is in the address.

    So no row is read to be skipped, nor to be counted, and no row is shown twice because others have come.
    """

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        if self.model_admin.served_by_index(self.query, self.get_filters_params()):
            return rows
        newest = self.model.objects.aggregate(id=Max("pk"))["id"] or 0
        return rows.filter(pk__gt=newest - ROWS_LOOKED_THROUGH)

    def get_results(self, request: HttpRequest) -> None:
        order = self.queryset.query.order_by[0]
        column = order.removeprefix("-")
        after = request.GET.get(PAGE_VAR, "")
        rows = self.queryset
        if after.isascii() and after.isdecimal() and len(after) <= LONGEST_ID:
            rows = rows.filter(**{f"{column}__{'lt' if order.startswith('-') else 'gt'}": int(after)})
        found = list(rows[: self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        self.goes_on_after = getattr(self.result_list[-1], column) if len(found) > self.list_per_page else None
        self.begins_later = rows is not self.queryset
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.result_count = self.full_result_count = self.paginator.count  # alike, they are not shown
        self.show_full_result_count, self.show_admin_actions = False, True
        self.can_show_all, self.multi_page = False, True


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
    paginator = EndlessPaginator
    list_before_template = change_form_before_template = "admin/trail.html"
    keeps_history = False
    deferred_in_list: tuple[str, ...] = ()
    """Large columns that only a row's own page shows."""
    indexed_filters: tuple[str, ...] = ("account__id__exact",)
    """Filters, as they are in the address, under which the rows are found in order, or are few."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EndlessList

    def served_by_index(self, search: str, filters: dict[str, Any]) -> bool:
        """Whether the list, so searched and filtered, is found without a look at every row."""
        if search and self.search_is_indexed(search):
            return True
        return not filters.keys().isdisjoint(self.indexed_filters) or not (search or filters)

    def search_is_indexed(self, search: str) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        listing = request.resolver_match and request.resolver_match.url_name == f"{self.opts.db_table}_changelist"
        return rows.defer(*self.deferred_in_list) if listing else rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"trail": trail.to_list(request, self.opts), **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {"show_history": self.keeps_history, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        context = {"trail": trail.to_row(request, row) if row else [], **context}
        return super().render_change_form(request, context, **kwargs)


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on, also out of a dialog that htmx has posted."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
