"""What people do, from sign-in to the last page, on a platform that runs: a real worker reads real pages."""

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.dashboard.tabs import Tabs
from tests.platform.client import Client
from tests.platform.running import running_platform
from tests.site import Site
from tests.until import until
from tests.webhooks.receiver import Receiver

PASSWORD = "correct horse battery"
MAKE_PEOPLE = f"""
from django.contrib.auth.models import User
from jobs.accounts import open_account
from jobs.models import ApiKey, Membership
for name, account in (("grace", "newcomers"), ("ada", "acme"), ("tom", "tally")):
    account = open_account(account, credits=100)
    user = User.objects.create_user(name, password="{PASSWORD}")
    Membership.objects.create(user=user, account=account, role="owner")
    if name == "ada":
        print(ApiKey.objects.issue(account=account)[1])
"""
"""Grace and tom begin with nothing; ada has a key."""
LONG_MS = 30_000
"""Only bounds a test that has failed already: a machine may have other things to do."""
TOLD = """
    SELECT COUNT(*) FROM jobs_delivery delivery JOIN jobs_webhookevent event ON event.id = delivery.event_id
    JOIN jobs_job job ON job.id = event.job_id WHERE job.public_id = %s AND delivery.status = 'delivered'"""


@pytest.fixture(scope="module", autouse=True)
def patient():
    expect.set_options(timeout=LONG_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def web():
    """The site that is scraped."""
    with Site() as site:
        yield site


@pytest.fixture(scope="module")
def hooks():
    """Where webhooks go."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def platform(web, hooks):
    with running_platform(allow=[web.pair, hooks.pair]) as platform:
        yield platform


@pytest.fixture(scope="module")
def client(platform):
    """Of ada's account."""
    return Client(platform.port, platform.manage("shell", "-c", MAKE_PEOPLE).split()[-1])


@pytest.fixture
def site(web, platform):
    """The same, with nothing on record and nothing held, and asked at no pace."""
    web.forget()
    platform.rows.forget_hosts()
    yield web
    web.release()


@pytest.fixture
def tabs(chromium, platform, client):
    """Afterwards no page may have complained, and everything must add up."""
    opened = Tabs(chromium, f"http://127.0.0.1:{platform.port}", timeout_ms=LONG_MS)
    yield opened
    opened.close()
    assert opened.complaints == []
    assert platform.rows.offences() == {}


@pytest.fixture(scope="module")
def signed_in():
    """Whom the module has signed in: their cookies."""
    return {}


@pytest.fixture
def tab(tabs, signed_in):
    """Ada's."""
    if "ada" not in signed_in:
        signed_in["ada"] = sign_in(tabs, "ada").context.storage_state()
    return tabs.open("/dashboard/", storage_state=signed_in["ada"])


def sign_in(tabs, name):
    tab = tabs.open("/dashboard/")
    tab.get_by_label("Username").fill(name)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", name="Overview")).to_be_visible()
    return tab


def confirm(tab, button, answer):
    """Press a button that asks first, and mean it."""
    tab.get_by_role("button", name=button, exact=True).click()
    tab.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()


def open_job(tab, client, urls, selectors=None, **more):
    """The page of a job that the API has made."""
    job = client.post(urls, selectors, **more)
    tab.goto(f"/dashboard/jobs/{job['id']}/")
    return job["id"]


def job_of(tab):
    """The job whose page is open."""
    return re.search("job_[0-9a-z]+", tab.url)[0]


def stay(tab):
    """Mark the document that is open: another one, or the same loaded again, has no mark."""
    tab.evaluate("window.stayed = true")


def stayed(tab):
    return tab.evaluate("window.stayed === true")


def counts(tab):
    """What the progress of a job says."""
    return tab.locator("#head .legend li")


def result_of(tab, url):
    """The row of a job's results that has the URL."""
    return tab.get_by_role("region", name="Table of results").get_by_role("row").filter(has_text=url)


def fields_of(region):
    """Names and texts of the fields that are shown, without what is noted of them."""
    return {
        field.locator("dt").inner_text().split("\n")[0]: field.locator("dd").inner_text().split("\n")[0]
        for field in region.locator("dl.fields > div").all()
    }


def downloaded(tab, name):
    with tab.expect_download() as downloading:
        tab.get_by_role("link", name=f"Download {name}").click()
    assert downloading.value.suggested_filename == f"{job_of(tab)}-results.{name}"
    return Path(downloading.value.path()).read_text(encoding="utf-8-sig")


def test_a_newcomer_runs_the_demo_job_and_tries_rules_on_a_page_of_it(tabs):
    tab = sign_in(tabs, "grace")
    expect(tab.get_by_role("heading", name="Your first job")).to_be_visible()
    tab.get_by_role("button", name="Run the demo job").click()
    expect(tab.get_by_role("heading", name="Demo: products of a shop")).to_be_visible()
    stay(tab)

    expect(counts(tab)).to_have_text(["24 completed", "1 failed"])
    expect(tab.get_by_role("row")).to_have_count(26)
    assert stayed(tab)

    tab.get_by_role("row").filter(has_text=re.compile(r"/products/7\b")).get_by_role("link").first.click()
    expect(tab.get_by_role("heading", name="Page 6")).to_be_visible()
    data = fields_of(tab.get_by_role("region", name="Data"))
    assert list(data) == ["title", "price", "image", "tags", "reviewers"]
    expect(tab.frame_locator("iframe.kept").get_by_role("heading", name=data["title"])).to_be_attached()
    course = tab.get_by_role("region", name="Where the time went")
    assert course.locator("svg.phases rect").count() == course.locator(".legend li").count() > 2
    assert {"Queue", "First byte", "Extract"} <= set(course.locator(".legend li span:first-child").all_inner_texts())

    tab.get_by_role("textbox", name="Rules").fill('{"heading": "h1", "gone": ".no-such-thing"}')
    tab.get_by_role("button", name="Try", exact=True).click()
    expect(tab.locator("#trial .badge").first).to_have_text("completed")
    assert fields_of(tab.locator("#trial")) == {"heading": data["title"], "gone": "no value"}

    tab.get_by_role("link", name="Overview").click()
    expect(tab.get_by_role("heading", name="Your first job")).to_have_count(0)
    expect(tab.locator("#stat-credits .stat-number")).to_have_text("76")
    tabs.forgive_refusals()  # of what the kept HTML asks for


def test_a_field_is_made_by_a_click_and_the_job_followed_filtered_and_downloaded(tab, site):
    urls = [site.url(f"/static/{number}") for number in (1, 2, 3)]
    tab.get_by_role("link", name="Jobs", exact=True).click()
    tab.get_by_role("link", name="New job").first.click()
    tab.get_by_label("One on each line").fill("\n".join(urls))
    tab.get_by_role("button", name="Visit the first URL").click()
    expect(tab.locator("#tried")).to_contain_text("Product 1")
    expect(tab.locator("#picture")).to_be_visible()
    visits = site.count("/static/1")

    tab.locator("#shot").click(position=middle_of(tab, text="$59.99"))
    pick = tab.get_by_role("dialog", name="Read this")
    expect(pick).to_contain_text("$59.99")
    pick.get_by_label("Name of the field").fill("cost")
    pick.get_by_role("button", name="Add the field").click()
    expect(tab.locator("#tried dl.fields dt")).to_have_text([re.compile("title"), re.compile("cost")])
    assert fields_of(tab.locator("#tried"))["cost"] == "$59.99"
    assert site.count("/static/1") == visits
    assert '"cost"' in tab.locator("#code").inner_text()

    tab.get_by_role("button", name="Add a field").click()
    added = tab.get_by_role("list", name="Fields to read").get_by_role("listitem").last
    added.get_by_label("Name of the field").fill("first_tag")
    added.get_by_label("Its rule").fill("//li[text()='tag-0']")
    tab.get_by_label("Name", exact=True).fill("Three products")
    tab.get_by_label("Screenshot", exact=True).check()
    site.hold("/static/3")
    tab.get_by_role("button", name="Make the job").click()

    expect(tab.get_by_role("heading", name="Three products")).to_be_visible()
    stay(tab)
    expect(counts(tab)).to_have_text(["2 completed", "0 failed", "1 open"])
    expect(result_of(tab, urls[2])).to_have_count(0)
    site.release("/static/3")
    expect(counts(tab)).to_have_text(["3 completed", "0 failed"])
    expect(result_of(tab, urls[2])).to_contain_text("Product 3")
    filled = [
        re.compile(rf"{name}\s+{percent}%") for name, percent in (("title", 100), ("cost", 100), ("first_tag", 33))
    ]
    expect(tab.locator("#fills .fills li")).to_have_text(filled)
    assert stayed(tab)
    for number, url in enumerate(urls, start=1):
        expect(result_of(tab, url)).to_contain_text(f"Product {number}")
        expect(result_of(tab, url).locator("img.thumbnail")).to_have_js_property("naturalWidth", 144)

    tab.get_by_role("link", name="see those without").click()
    expect(tab.get_by_role("link", name="Without first_tag")).to_have_attribute("aria-current", "page")
    expect(tab.locator("#results tbody tr")).to_have_count(2)
    expect(result_of(tab, urls[0])).to_have_count(0)
    tab.get_by_role("link", name="Failed", exact=True).click()
    expect(tab.get_by_role("heading", name="None of these")).to_be_visible()

    tab.get_by_role("link", name="Exports").click()
    rows = list(csv.DictReader(downloaded(tab, "csv").splitlines()))
    found = {row["url"]: (row["status"], row["title"], row["cost"], row["first_tag"]) for row in rows}
    assert found == {
        urls[0]: ("completed", "Product 1", "$59.99", "tag-0"),
        urls[1]: ("completed", "Product 2", "$60.99", ""),
        urls[2]: ("completed", "Product 3", "$61.99", ""),
    }
    results = json.loads(downloaded(tab, "json"))
    assert {result["url"]: result["data"]["title"] for result in results} == {
        url: f"Product {number}" for number, url in enumerate(urls, start=1)
    }


def test_a_picture_is_picked_by_its_address(tab, site, platform):
    tab.goto("/dashboard/jobs/new/")
    tab.get_by_label("One on each line").fill(platform.shop_url("/products/1"))
    tab.get_by_role("button", name="Visit the first URL").click()
    expect(tab.locator("#picture")).to_be_visible()

    tab.locator("#shot").click(position=middle_of(tab, tag="img"))

    choices = tab.get_by_role("dialog", name="Read this").get_by_role("radio")
    expect(choices.first).to_be_checked()
    assert choices.first.locator("..").inner_text().startswith("Its src")
    tab.get_by_role("button", name="Add the field").click()
    expect(tab.locator("#tried dl.fields dt")).to_have_count(2)
    assert "/images/1.svg" in fields_of(tab.locator("#tried")).values()


def middle_of(tab, **known):
    """Where on the picture an element is of which so much is known, in pixels of the picture as it is shown."""
    elements = tab.request.get(tab.locator("#tried").get_attribute("data-elements")).json()["elements"]
    alike = [each for each in elements if each["box"] and known.items() <= each.items()]
    x, y, width, height = alike[0]["box"]
    scale = tab.locator("#shot").evaluate("(shot) => shot.clientWidth / shot.naturalWidth")
    return {"x": (x + width / 2) * scale, "y": (y + height / 2) * scale}


def test_failures_stand_together_and_are_retried(tab, client, site):
    bad = [site.url(path) for path in ("/status/404", "/status/410", "/flaky/lamp", "/reset")]
    first = open_job(tab, client, [*bad, site.url("/static/9")], name="Broken shop", options={"retries": 0})
    expect(counts(tab)).to_have_text(["1 completed", "4 failed"])

    tab.get_by_role("link", name="Failures").click()
    groups = tab.locator("section.group")
    expect(groups.locator("h2")).to_have_text(["http_error", "connection_error"])
    assert sorted(groups.first.locator("ul.lines a").all_inner_texts()) == sorted(bad[:3])
    assert groups.last.locator("ul.lines a").all_inner_texts() == bad[3:]
    tab.get_by_role("link", name="3 pages").click()
    expect(tab.locator("#results tbody tr")).to_have_count(3)

    confirm(tab, "Retry failed", "Retry")

    expect(tab.get_by_role("status").first).to_contain_text("a new job, made of Broken shop")
    expect(counts(tab)).to_have_text(["1 completed", "3 failed"])
    expect(tab.locator("#head .badge")).to_have_text("partial")
    expect(result_of(tab, "/flaky/lamp")).to_contain_text("Product lamp")
    assert job_of(tab) != first
    tab.get_by_role("link", name="Broken shop", exact=True).click()
    assert job_of(tab) == first
    expect(counts(tab)).to_have_text(["1 completed", "4 failed"])


def test_a_running_job_is_cancelled_and_run_again(tab, client, site):
    urls = [site.url(f"/static/{number}") for number in (1, 2, 3)]
    for path in ("/static/2", "/static/3"):
        site.hold(path)
    first = open_job(tab, client, urls, name="Too slow", options={"hostConcurrency": 2})
    expect(counts(tab)).to_have_text(["1 completed", "0 failed", "2 open"])
    expect(tab.locator("#head .badge")).to_have_text("running")

    confirm(tab, "Cancel", "Cancel the job")

    expect(tab.get_by_role("status").first).to_contain_text("The job is cancelled.")
    expect(counts(tab)).to_have_text(["1 completed", "0 failed", "2 cancelled"])
    site.release()
    confirm(tab, "Duplicate", "Run again")
    expect(tab.get_by_role("status").first).to_contain_text("a new job, made of Too slow")
    expect(counts(tab)).to_have_text(["3 completed", "0 failed"])
    assert job_of(tab) != first
    for number, url in enumerate(urls, start=1):
        expect(result_of(tab, url)).to_contain_text(f"Product {number}")
    tab.get_by_role("link", name="Jobs", exact=True).first.click()
    listed = tab.get_by_role("row").filter(has_text="Too slow")
    expect(listed.locator(".badge")).to_have_text(["completed", "cancelled"])


def test_an_endpoint_is_tried_and_told_again(tab, hooks):
    hooks.received.clear()
    hooks.answers(500, body=b"not today")
    tab.get_by_role("link", name="Webhooks").click()
    tab.get_by_role("textbox", name="Endpoint").fill(hooks.url)
    tab.get_by_role("button", name="Send a test").click()
    tries = tab.get_by_role("region", name="Table of tries").locator("tbody tr")
    expect(tries).to_have_count(1)
    expect(tries).to_contain_text("500")
    expect(tries).to_contain_text("not today")

    hooks.answers(200, body=b"thanks")
    confirm(tab, "Send again", "Send again")

    expect(tries).to_have_count(2)
    expect(tries.first).to_contain_text("thanks")
    expect(tab.locator("#outcome .badge")).to_have_text("delivered")
    first, second = hooks.received
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    tab.get_by_role("link", name="Webhooks").first.click()
    listed = tab.get_by_role("region", name="Table of deliveries").locator("tbody tr")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text("delivered")
    expect(listed).to_contain_text("200")
    tab.get_by_role("button", name="Resend").click()
    tab.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(tries).to_have_count(3)
    assert {each.body for each in hooks.received} == {first.body}


def test_a_job_with_a_webhook_shows_what_it_told(tab, client, site, hooks, platform):
    hooks.received.clear()
    hooks.answers(200, body=b"thanks")
    job = open_job(tab, client, [site.url("/static/4")], name="Told", webhook=hooks.url)
    expect(counts(tab)).to_have_text(["1 completed", "0 failed"])
    until(lambda: platform.rows.one(TOLD, job) == 2, what="both events are delivered")

    tab.get_by_role("link", name="Deliveries").click()

    expect(tab.locator("section.group h2")).to_have_text(["job.completed", "scrape.completed"])
    expect(tab.locator("section.group .badge")).to_have_text(["delivered", "delivered"])


def test_a_schedule_is_made_run_and_paused(tab, site):
    tab.get_by_role("link", name="Schedules").click()
    tab.get_by_role("link", name="New schedule").click()
    tab.get_by_label("Name").fill("Every New Year")
    tab.get_by_label("When").fill("0 0 1 1 *")
    tab.get_by_label("URLs, one a line").fill(site.url("/static/5"))
    tab.get_by_label("Fields to read, as JSON").fill('{"title": "h1"}')
    tab.get_by_label("More of the job, as JSON").fill('{"name": "Yearly look"}')
    tab.get_by_role("button", name="Make the schedule").click()
    expect(tab.get_by_role("heading", name="No runs yet")).to_be_visible()

    confirm(tab, "Run now", "Run now")

    expect(tab.get_by_role("heading", name="Yearly look")).to_be_visible()
    expect(counts(tab)).to_have_text(["1 completed", "0 failed"])
    expect(result_of(tab, "/static/5")).to_contain_text("Product 5")
    job = job_of(tab)
    tab.get_by_role("link", name="Schedules").click()
    tab.get_by_role("link", name="Every New Year").click()
    runs = tab.get_by_role("region", name="Table of runs").locator("tbody tr")
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("run by hand")
    expect(runs.get_by_role("link")).to_have_text(job)
    expect(runs.locator(".badge")).to_have_text(["started", "completed"])
    confirm(tab, "Pause", "Pause")
    expect(tab.get_by_text("No run is foreseen while it is paused.")).to_be_visible()


def test_a_key_is_made_used_counted_and_revoked(tabs, platform, site):
    tab = sign_in(tabs, "tom")
    tab.get_by_role("link", name="API keys").click()
    tab.get_by_role("link", name="Make the first key").click()
    tab.get_by_label("Name").fill("Reports")
    tab.get_by_role("button", name="Make the key").click()
    key = Client(platform.port, tab.locator("#key-text").inner_text())
    tab.get_by_role("link", name="I have copied it").click()
    row = tab.get_by_role("row").filter(has_text="Reports")
    expect(row).to_contain_text("usable")
    expect(row).not_to_contain_text(key.key)

    job = key.wait(key.post([site.url("/static/6"), site.url("/status/404")], name="Asked by key")["id"])
    assert (job["completedUrls"], job["failedUrls"]) == (1, 1)

    tab.get_by_role("link", name="Usage").click()
    expect(tab.locator(".stat-number")).to_have_text(["99", "1", "0"])
    used = tab.get_by_role("region", name="Table of usage by API key").locator("tbody tr")
    expect(used).to_have_count(1)
    expect(used.locator("td")).to_have_text([re.compile("Reports"), "1", "1", "1"])
    ledger = tab.get_by_role("region", name="Table of the ledger").locator("tbody tr")
    expect(ledger.first).to_contain_text("Asked by key")
    expect(ledger.locator("td:nth-child(2)")).to_have_text(["-1", "+100"])
    tab.get_by_text("As a table, with credits").click()
    today = tab.get_by_role("region", name="Table of usage by the day").locator("tbody tr").first
    expect(today.locator("td.number")).to_have_text(["1", "1", "1"])

    tab.get_by_role("link", name="API keys").click()
    tab.get_by_role("button", name="Revoke").click()
    tab.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("revoked")
    refused = key.ask("GET", f"/v1/jobs/{job['id']}")
    assert (refused.status, refused.code) == (401, "unauthorized")
