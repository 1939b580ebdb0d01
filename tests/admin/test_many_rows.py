"""With very many rows, by PostgreSQL's plans: no list, and no number of operations, reads a large table whole."""

import pytest
from django.urls import reverse

from jobs.models import Job, Page
from tests.environment import ON_POSTGRES
from tests.many_rows import plans, read_whole

pytestmark = pytest.mark.skipif(not ON_POSTGRES, reason="it is PostgreSQL's plans that are looked at")


@pytest.fixture
def plans_of(many, staff):
    """Of all that an address asks the database about large tables."""

    def of(address):
        with plans() as known:
            assert staff.get(address).status_code == 200
        return known

    return of


LISTS = [
    ("job", ""),
    ("job", "?status__exact=running"),
    ("job", "?account__id__exact={account}"),
    ("job", "?q=job_17"),
    ("job", "?p=1000"),
    ("page", ""),
    ("page", "?p=100000"),
    ("page", "?status__exact=failed"),
    ("page", "?q=job_17"),
    ("page", "?q=job_17&status__exact=failed"),
    ("page", "?q=job_17+https%3A%2F%2Fstore.com%2F5"),
    ("delivery", ""),
    ("delivery", "?status__exact=pending"),
    ("delivery", "?account__id__exact={account}"),
    ("delivery", "?q=job_17"),
    ("delivery", "?q=dlv_17"),
    ("ledgerentry", ""),
    ("ledgerentry", "?account__id__exact={account}"),
]


@pytest.mark.parametrize(("model", "query"), LISTS)
def test_no_list_reads_a_large_table_whole(plans_of, many, model, query):
    known = plans_of(reverse(f"admin:jobs_{model}_changelist") + query.format(account=many.pk))

    assert read_whole(known) == []
    assert not any("OFFSET" in sql for sql in known)


@pytest.mark.parametrize("page", ["operations", "operations_now"])
def test_the_operations_page_reads_small_indexes(plans_of, page):
    known = plans_of(reverse(f"admin:jobs_worker_{page}"))

    assert read_whole(known, ["jobs_page", "jobs_job"]) == []
    assert all("page_failed" in plan for sql, plan in known.items() if '"error_code"' in sql)


def test_the_overview_reads_small_indexes(plans_of):
    assert read_whole(plans_of(reverse("admin:index")), ["jobs_page"]) == []


@pytest.mark.parametrize("model", [Job, Page])
def test_a_row_and_what_belongs_to_it_are_found_by_index(plans_of, many, model):
    row = model.objects.order_by("-pk")[1_000]
    known = plans_of(reverse(f"admin:jobs_{model._meta.model_name}_change", args=[row.pk]))

    assert read_whole(known, ["jobs_page", "jobs_job"]) == []
