import dramatiq
import orjson
import pytest
from django.utils import timezone
from dramatiq.brokers.stub import StubBroker

from jobs.models import Account, Delivery, Job, WebhookEvent
from jobs.webhooks import sending
from scraping.egress import Policy
from tests.webhooks.receiver import Receiver


@pytest.fixture(autouse=True)
def given_back(monkeypatch):
    """Each time the connection to the database is given back; a test's own transaction needs to keep it."""
    times = []
    monkeypatch.setattr(sending, "close_old_connections", lambda: times.append(1))
    return times


@pytest.fixture
def endpoint(settings):
    """A receiver on loopback which the operator allows."""
    receiver = Receiver()
    settings.EGRESS_POLICY = Policy(allow=frozenset({receiver.pair}))
    yield receiver
    receiver.stop()


@pytest.fixture
def bells(monkeypatch):
    """The deliveries that each bell was for, in order."""
    broker = StubBroker()
    broker.declare_queue("webhooks")
    before = dramatiq.broker.global_broker
    dramatiq.set_broker(broker)
    yield lambda: [dramatiq.Message.decode(text).args[0] for text in broker.queues["webhooks"].queue]
    dramatiq.broker.global_broker = before


@pytest.fixture
def make_job(make_account):
    """A job that has ended."""

    def make(**overrides):
        return Job.objects.create(
            **{
                "account": overrides.get("account") or make_account(f"account {Account.objects.count()}"),
                "selectors": '{"title":"h1"}',
                "webhook": orjson.dumps("https://hooks.example.com/scrpy").decode(),
                "max_attempts": 3,
                "host_concurrency": 4,
                "total_urls": 1,
                "completed_urls": 1,
                "status": "completed",
                "completed_at": timezone.now(),
                **overrides,
            }
        )

    return make


@pytest.fixture
def make_delivery(make_job, bells):
    """A delivery that is due; `account` owns it, `to` is where it goes."""

    def make(*, to, account=None, **overrides):
        job = make_job(account=account) if account else make_job()
        event = WebhookEvent.objects.create(
            account=job.account, job=job, event="job.completed", body='{"event":"job.completed","name":"Café"}'
        )
        long_ago = timezone.now() - timezone.timedelta(hours=1)
        return Delivery.objects.create(
            **{"event": event, "account": job.account, "url": to, "next_attempt_at": long_ago, **overrides}
        )

    return make
