"""What an account has beside its jobs, in a real browser: keys, the secret, schedules, members."""

import re

import pytest
from playwright.sync_api import expect

from jobs.models import ApiKey, Delivery, Schedule
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture
def owner(alice, tabs, make_person):
    return make_person(alice, username="ada", email="ada@example.com")


def test_a_key_is_made_copied_and_revoked(tabs, owner, alice):
    tab = tabs.open("/dashboard/keys/", owner, **CLIPBOARD)

    tab.get_by_role("link", name="Make the first key").click()
    tab.get_by_label("Name").fill("nightly")
    tab.get_by_label("jobs:write").uncheck()
    tab.get_by_role("button", name="Make the key").click()
    tab.get_by_role("button", name="Copy").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    key = ApiKey.objects.authenticate(tab.evaluate("navigator.clipboard.readText()"))
    tab.get_by_role("link", name="I have copied it").click()
    tab.get_by_role("button", name="Revoke").click()
    tab.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    expect(tab.get_by_role("status").first).to_contain_text("is revoked")
    assert (key.name, key.allows("jobs:write"), key.allows("jobs:read")) == ("nightly", False, True)
    assert not ApiKey.objects.usable().exists()


def test_the_secret_is_revealed_and_rolled(tabs, owner, alice):
    tab = tabs.open("/dashboard/webhooks/", owner)
    old = alice.webhook_secret

    tab.get_by_role("button", name="Reveal").click()
    expect(tab.locator("#secret")).to_contain_text(old)
    tab.get_by_role("button", name="Roll").click()
    tab.keyboard.press("Escape")
    alice.refresh_from_db()
    kept = alice.webhook_secret
    tab.get_by_role("button", name="Roll").click()
    tab.get_by_role("dialog").get_by_role("button", name="Roll").click()

    expect(tab.get_by_role("status").first).to_contain_text("The one before signs as well until")
    alice.refresh_from_db()
    assert (kept, alice.webhook_secrets[1:]) == (old, [old])


def test_a_test_delivery_is_watched_until_it_ends(tabs, owner):
    tab = tabs.open("/dashboard/webhooks/", owner)

    tab.get_by_role("textbox", name="Endpoint").fill("https://hooks.example.com/scrpy")
    tab.get_by_role("button", name="Send a test").click()
    expect(tab.locator("#outcome")).to_contain_text("Not tried yet")
    delivery = Delivery.objects.get()
    delivery.tries.create(at=delivery.event.created_at, status_code=204, duration_ms=12, excerpt="")
    Delivery.objects.update(status="delivered", next_attempt_at=None)

    expect(tab.locator("#outcome")).to_contain_text("204")
    expect(tab.locator("#outcome[hx-get]")).to_have_count(0)


def test_next_runs_are_told_in_the_viewers_own_time(tabs, owner, alice):
    schedule = making.make_schedule(alice, cron="30 6 * * *", timezone="UTC")

    tab = tabs.open(f"/dashboard/schedules/{schedule.public_id}/", owner, timezone_id="Asia/Tokyo", locale="en-GB")

    expect(tab.locator("time[data-exactly]")).to_have_text([re.compile("15:30")] * 5)


def test_a_schedule_is_made_in_ones_own_zone_and_deleted_only_after_a_confirmation(tabs, owner):
    tab = tabs.open("/dashboard/schedules/", owner, timezone_id="Asia/Tokyo")

    tab.get_by_role("link", name="Make the first").click()
    tab.get_by_label("When").fill("@daily")
    tab.get_by_label("URLs, one a line").fill("https://store.com/1\nhttps://store.com/2")
    tab.get_by_label("Fields to read").fill('{"title": "h1"}')
    tab.get_by_role("button", name="Make the schedule").click()
    expect(tab.get_by_text("every day at 00:00")).to_be_visible()
    made = Schedule.objects.get()
    tab.get_by_role("button", name="Delete").click()
    tab.get_by_role("button", name="Keep as it is").click()
    assert Schedule.objects.exists()
    tab.get_by_role("button", name="Delete").click()
    tab.get_by_role("button", name="Delete for good").click()

    expect(tab.get_by_role("heading", name="No schedules yet")).to_be_visible()
    assert made.timezone == "Asia/Tokyo"


def test_a_member_is_removed_only_after_a_confirmation(tabs, owner, alice, make_person):
    make_person(alice, role="viewer", username="grace")
    tab = tabs.open("/dashboard/members/", owner)

    tab.get_by_role("button", name="Remove grace").click()
    assert alice.memberships.count() == 2
    tab.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(tab.get_by_role("status").first).to_contain_text("grace does not belong")
    assert alice.memberships.count() == 1


def test_what_strangers_wrote_does_nothing(tabs, owner, alice, make_person):
    for text in (text.replace("\0", "") for text in HOSTILE):
        ApiKey.objects.issue(account=alice, name=text[:100])
        schedule = making.make_schedule(alice, name=text[:200], job={"metadata": {"note": text[:400]}})
        delivery = making.make_delivery(alice, url=text)
        delivery.tries.update(excerpt=text)
        make_person(alice, role="viewer", username=text[:150])
    one = (
        f"schedules/{schedule.public_id}/",
        f"schedules/{schedule.public_id}/edit/",
        f"webhooks/{delivery.public_id}/",
    )
    tab = tabs.open("/dashboard/keys/", owner)
    wide = []

    for path in ("keys/", "schedules/", "webhooks/", "members/", *one):
        tab.goto(f"/dashboard/{path}")
        if tab.evaluate("document.documentElement.scrollWidth") > tab.viewport_size["width"]:
            wide.append(path)

    assert wide == []
