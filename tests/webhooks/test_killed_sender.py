"""A sender that is killed, for real, between the endpoint's answer and its commit."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs.models import Delivery
from jobs.webhooks.due import ring_due
from jobs.webhooks.sending import deliver

SENDER = """
import os, signal, sys
import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from jobs.webhooks import sending

sending.settle = lambda *_args, **_named: os.kill(os.getpid(), signal.SIGKILL)
sending.deliver([int(sys.argv[2])])
"""


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_sender_had_sent_is_sent_again_with_the_same_id_and_bytes(make_delivery, endpoint, bells):
    delivery = make_delivery(to=endpoint.url)

    killed = subprocess.run(
        [sys.executable, "-c", SENDER, str(connection.settings_dict["NAME"]), str(delivery.pk)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrpy.settings", "SCRPY_EGRESS_ALLOW": endpoint.pair},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert ring_due() == 0
    Delivery.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    assert ring_due() == 1
    deliver([delivery.pk])

    delivery.refresh_from_db()
    first, second = endpoint.received
    assert (delivery.status, delivery.attempts) == ("delivered", 2)
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
