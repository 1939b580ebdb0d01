"""Files that were made of pages, on the pages' own page: for staff alone, and only as downloads."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs.artifacts import store
from jobs.models import Page
from scraping.capture import Capture
from scraping.options import Output

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def artifact(make_job):
    """Markup of a stranger's page, kept to be read again."""
    page = Page.objects.filter(job=make_job(completed_urls=3)).select_related("job").first()
    [row] = store(page, [Capture(Output.HTML, "text/html; charset=utf-8", b"<script>alert(1)</script>")], ())
    row.save()
    return row


def download_of(artifact):
    return reverse("admin:jobs_page_artifact", args=[artifact.public_id])


def test_a_page_lists_its_files_and_staff_download_them(staff, artifact):
    shown = staff.get(reverse("admin:jobs_page_change", args=[artifact.page_id])).content.decode()

    answer = staff.get(download_of(artifact))

    assert f'href="{download_of(artifact)}"' in shown
    assert "kept to be read again" in shown
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_stranger_and_a_user_who_is_not_staff_are_sent_to_the_login(client, artifact):
    stranger = client.get(download_of(artifact))
    client.force_login(User.objects.create_user("bob"))

    assert [stranger.status_code, client.get(download_of(artifact)).status_code] == [302, 302]


def test_staff_who_may_not_see_pages_may_not_see_their_files(client, artifact):
    client.force_login(User.objects.create_user("viewer", is_staff=True))

    assert client.get(download_of(artifact)).status_code == 403


def test_a_file_that_is_gone_is_not_found(staff, artifact, kept):
    (kept / artifact.name).unlink()

    assert staff.get(download_of(artifact)).status_code == 404
    assert staff.get(reverse("admin:jobs_page_artifact", args=["art_0"])).status_code == 404
