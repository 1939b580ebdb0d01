"""What is secret of a job between the database and the browser: sealed, opened by the worker, never left out."""

import asyncio
import threading
from uuid import uuid4

import orjson
import pytest

from jobs.models import Page
from jobs.queue.dispatch import dispatch
from jobs.sealing import SealBroken, seal, unseal
from jobs.secrets import MOST_SESSION_BYTES, Secrets, opened, opened_session, sealed, sealed_session
from jobs.worker import runs
from jobs.worker.claims import Claims
from jobs.worker.runs import Runner
from scraping.egress import Policy
from scraping.egress.upstream import Upstream
from scraping.errors import BlockedAddress, ProxyFailed
from scraping.options import Cookie, Sent
from tests.queue.making import make_retries_due

UPSTREAM = Upstream("socks5", "proxy.example.com", 1080, "alice", "pässword")


def secret(letter):
    return letter * 50


# -- at rest -------------------------------------------------------------------------------------------


def test_what_is_sealed_is_opened_and_cannot_be_read(settings):
    text = seal("a password")

    assert unseal(text) == "a password"
    assert "password" not in text


def test_a_seal_of_an_older_key_is_opened_as_long_as_that_key_is_named(settings):
    settings.SECRET_KEY = secret("a")
    text = seal("kept")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret("b"), [secret("a")]
    assert unseal(text) == "kept"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SealBroken):
        unseal(text)


def test_a_new_seal_is_of_the_present_key(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = secret("b"), [secret("a")]
    text = seal("kept")

    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(text) == "kept"


@pytest.mark.parametrize("spoil", [lambda text: text[:-8], str.swapcase, lambda _: "", lambda _: "é"])
def test_a_seal_that_was_changed_is_not_opened(spoil):
    text = seal("kept")

    with pytest.raises(SealBroken):
        unseal(spoil(text))


def test_a_proxy_is_opened_as_it_was_sealed():
    assert opened(sealed(Secrets(proxy=UPSTREAM))).proxy == UPSTREAM


def test_headers_and_cookies_are_opened_as_they_were_sealed():
    cookie = Cookie(name="a", value="b", path="/c", secure=True, http_only=True, same_site="None")
    secrets = Secrets(sent=Sent(headers=(("X-Key", "mine"), ("A", "")), cookies=(cookie,)))

    text = sealed(secrets)

    assert opened(text) == secrets
    assert "mine" not in text


def test_what_is_secret_is_not_in_what_a_log_would_show_of_it():
    secrets = Secrets(proxy=UPSTREAM, sent=Sent(headers=(("A", "mine"),), cookies=(Cookie(name="a", value="mine"),)))

    assert "mine" not in repr(secrets)
    assert "pässword" not in repr(secrets)


SESSION = [{"name": "sid", "value": "mine", "domain": "shop.com", "path": "/", "expires": -1}]


def test_the_cookies_of_a_session_are_opened_as_they_were_sealed():
    text = sealed_session(SESSION)

    assert opened_session(text) == SESSION
    assert "mine" not in text


def test_a_session_without_cookies_is_none():
    assert sealed_session([]) is None
    assert opened_session(None) == []


def test_a_session_of_too_many_cookies_is_not_kept(caplog):
    room = MOST_SESSION_BYTES - len(orjson.dumps([{**SESSION[0], "value": ""}]))

    assert sealed_session([{**SESSION[0], "value": "x" * room}])
    assert sealed_session([{**SESSION[0], "value": "x" * (room + 1)}]) is None
    assert "262,145" in caplog.text


def test_a_session_that_cannot_be_opened_any_more_begins_anew(settings, caplog):
    text = sealed_session(SESSION)
    settings.SECRET_KEY = secret("b")

    assert opened_session(text) == []
    assert "SCRPY_SECRET_KEY" in caplog.text


def test_a_proxy_that_cannot_be_opened_any_more_names_the_setting_to_look_at(settings):
    text = sealed(Secrets(proxy=UPSTREAM))
    settings.SECRET_KEY = secret("b")

    with pytest.raises(ProxyFailed, match="SCRPY_SECRET_KEY"):
        opened(text)


def test_a_proxy_is_judged_again_when_it_is_opened(settings):
    settings.EGRESS_POLICY = Policy(allow=frozenset({"127.0.0.1:1080"}))
    text = sealed(Secrets(proxy=Upstream("socks5", "127.0.0.1", 1080)))
    assert opened(text).proxy.host_key == "127.0.0.1:1080"

    settings.EGRESS_POLICY = Policy()

    with pytest.raises(BlockedAddress):
        opened(text)


# -- in a worker ---------------------------------------------------------------------------------------


class Lent:
    usable = True


class Pool:
    """Lends lanes, and remembers through which proxies."""

    def __init__(self):
        self.upstreams = []

    async def borrow(self, owner, host, *, upstream, profile):
        self.upstreams.append(upstream)
        return Lent()

    async def give_back(self, lane):
        pass


@pytest.fixture
def pool():
    return Pool()


@pytest.fixture
def runner(transactional_db, queue, make_worker, pool, monkeypatch):
    """One whose pages fail as soon as they have a lane."""

    async def attempt(_lane, _page, _sent):
        raise BlockedAddress

    monkeypatch.setattr(runs, "attempt", attempt)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    make_worker(16)
    yield Runner(worker=uuid4(), pool=pool, claims=Claims(loop), loop=loop)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


def render_all(runner):
    dispatch()
    for token in set(Page.objects.exclude(token=None).values_list("token", flat=True)):
        runner.render(token)


def ends(job):
    return set(job.pages.values_list("status", "error_code", "attempts"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("upstream", [None, UPSTREAM])
def test_a_jobs_pages_get_lanes_that_lead_through_its_proxy(runner, pool, make_job, upstream):
    make_job(3, secrets=Secrets(proxy=upstream))

    render_all(runner)

    assert set(pool.upstreams) == {upstream}


@pytest.mark.django_db(transaction=True)
def test_pages_whose_proxy_cannot_be_opened_fail_and_the_worker_goes_on(runner, pool, make_job, settings, caplog):
    job = make_job(3, secrets=Secrets(proxy=UPSTREAM), max_attempts=2)
    settings.SECRET_KEY = secret("b")
    other = make_job(1, secrets=Secrets(proxy=UPSTREAM))

    for _ in range(2):
        render_all(runner)
        make_retries_due()

    assert ends(job) == {("failed", "proxy_error", 2)}
    assert "SCRPY_SECRET_KEY" in job.pages.first().error_message
    assert ends(other) == {("failed", "blocked_address", 1)}
    assert pool.upstreams == [UPSTREAM]
    assert "pässword" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_pages_whose_proxy_is_not_allowed_any_more_fail_without_a_lane(runner, pool, make_job, settings):
    settings.EGRESS_POLICY = Policy(allow=frozenset({"127.0.0.1:1080"}))
    job = make_job(2, secrets=Secrets(proxy=Upstream("socks5", "127.0.0.1", 1080)))
    settings.EGRESS_POLICY = Policy()

    render_all(runner)

    assert ends(job) == {("failed", "blocked_address", 1)}
    assert pool.upstreams == []
