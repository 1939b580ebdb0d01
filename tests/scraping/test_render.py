"""Going to a page and waiting for it: what is there when the fields are read."""

import time

import pytest

from scraping.errors import NavigationTimeout, UnsupportedContent


def title(visit, path, **options):
    return visit(path, **options).data["title"]


def test_a_page_rendered_after_a_fetch_is_read_once_it_is_there(visit):
    outcome = visit("/spa/3?ms=300", {"title": "h1", "price": ".price", "tags": ["li"]})

    assert outcome.data == {"title": "Product 3", "price": "$61.99", "tags": ["tag-2", "tag-11"]}


def test_a_fetch_that_outlasts_every_quiet_moment_is_waited_for(visit):
    assert title(visit, "/spa/3?ms=2500") == "Product 3"


def test_a_field_that_comes_by_timer_is_waited_for(visit):
    assert visit("/late", {"title": "h1", "late": "#late"}).data == {"title": "Late", "late": "here"}


def test_a_page_of_many_cards_is_read_when_the_last_is_there(visit):
    assert len(visit("/heavy?n=900", {"cards": ["article"]}).data["cards"]) == 900


@pytest.mark.parametrize("path", ["/restless", "/growing", "/hanging-image", "/hanging-frame", "/hanging-fetch"])
def test_a_page_that_never_rests_is_read_all_the_same(visit, path):
    assert title(visit, path, timeout_ms=10_000) in ("Restless", "Growing", "Shown")


@pytest.mark.parametrize("path", ["/restless", "/growing", "/hanging-image", "/hanging-frame", "/hanging-fetch"])
def test_a_missing_field_of_a_page_that_never_rests_is_none_at_last(visit, path):
    assert visit(path, {"none": "#none"}, timeout_ms=4_000).data == {"none": None}


@pytest.mark.parametrize("way", ["script-redirect?ms=0&", "inline-redirect?", "meta-redirect?", "redirect?"])
def test_a_redirect_of_any_kind_is_followed(visit, site, way):
    outcome = visit(f"/{way}to=/spa/5")

    assert outcome.data == {"title": "Product 5"}
    assert (outcome.final_url, outcome.status_code) == (site.url("/spa/5"), 200)


@pytest.mark.parametrize("way", ["script-redirect?ms=0&", "inline-redirect?", "meta-redirect?"])
def test_a_redirect_that_is_slow_to_arrive_is_waited_for(visit, way):
    assert title(visit, f"/{way}to=/slow") == "Slow"


@pytest.mark.parametrize("path", ["/rewritten", "/script-document", "/blob-document"])
def test_a_document_that_a_script_makes_is_read(visit, path):
    assert visit(path, {"after": "h2"}).data == {"after": "After"}


def test_a_page_that_leads_nowhere_is_no_page(visit):
    with pytest.raises(UnsupportedContent):
        visit("/led-nowhere", {"title": "h1"}, timeout_ms=20_000)


def test_the_document_itself_has_its_text_and_its_doctype_none(visit):
    data = visit("/static/1", {"all": "/", "doctype": "/node()[1]", "title": "h1"}).data

    assert "Product 1" in data["all"]
    assert data["title"] == "Product 1"


def test_a_page_that_refreshes_itself_is_read(visit):
    assert title(visit, "/self-refresh") == "Refreshing"


def test_the_final_url_is_the_one_that_the_page_shows(visit, site):
    assert visit("/push-state").final_url == site.url("/static/pushed")


def test_the_duration_is_told(visit):
    began = time.monotonic()

    outcome = visit("/slow?ms=100")

    assert 100 <= outcome.duration_ms <= (time.monotonic() - began) * 1000


@pytest.mark.parametrize("state", ["commit", "domcontentloaded", "load", "networkidle"])
def test_a_named_state_is_waited_for_and_no_longer(visit, state):
    data = visit("/late", {"late": "#late"}, wait_until=state).data

    assert data == {"late": None}


def test_networkidle_waits_for_what_a_page_fetches(visit):
    assert title(visit, "/spa/2?ms=200", wait_until="networkidle") == "Product 2"


def test_load_waits_for_every_resource(visit):
    with pytest.raises(NavigationTimeout):
        visit("/hanging-frame", wait_until="load", timeout_ms=700)


@pytest.mark.parametrize("way", ["script-redirect?ms=0&", "inline-redirect?", "meta-redirect?"])
@pytest.mark.parametrize("state", ["domcontentloaded", "load", "networkidle"])
def test_a_redirect_during_a_named_wait_breaks_nothing(visit, way, state):
    assert title(visit, f"/{way}to=/static/5", wait_until=state) in ("Product 5", "On the way")


def test_a_fragment_makes_a_page_of_its_own(visit):
    for fragment in ("#a", "#b", "#b"):
        assert visit(f"/hash{fragment}", {"hash": "#hash", "loads": "#loads"}).data == {"hash": fragment, "loads": "1"}


def test_dialogs_are_dismissed(visit):
    assert visit("/dialogs", {"answer": "#answer"}).data == {"answer": "falsenull"}


def test_a_page_that_asks_before_it_is_left_is_left(visit):
    assert title(visit, "/unload-dialog") == "Stay"
    assert title(visit, "/static/1") == "Product 1"


def test_popups_open_nothing_and_fetch_nothing(visit, site):
    assert title(visit, "/popups") == "Popups"
    assert title(visit, "/static/1") == "Product 1"

    assert [hit.path for hit in site.hits if hit.path.startswith("/beat")] == []


def test_pictures_are_not_fetched(visit, site):
    visit("/static/1")

    assert site.count("/images/1.png") == 0


def test_a_download_that_a_page_starts_leaves_the_page_readable(visit):
    assert title(visit, "/downloads", timeout_ms=10_000) == "Shown"


def test_a_page_that_clears_every_timer_cannot_stop_the_clock(visit):
    assert visit("/timer-killer", {"none": "#none"}).data == {"none": None}


def test_permissions_are_refused(visit):
    assert visit("/permissions", {"answer": "#answer"}).data == {"answer": "denied"}


def test_webrtc_finds_no_way_around_the_proxy(visit):
    assert visit("/webrtc", {"candidates": "#candidates:not(:empty)"}).data == {"candidates": "done 0"}


@pytest.mark.parametrize("path", ["/bombard", "/patient-bombard"])
def test_a_page_that_navigates_on_and_on_does_not_disturb_the_next(visit, path):
    for number in range(5):
        assert title(visit, path) == "Bombard"
        assert title(visit, f"/static/{number}") == f"Product {number}"


def test_a_page_that_has_been_read_leads_nowhere_any_more(visit, site):
    assert title(visit, "/patient-bombard") == "Bombard"

    site.wait_for_hit("/beat", 5)
    assert site.count("/static/stolen") == 0
