"""Hears of cancelled jobs over Redis, so that their pages in flight are aborted at once.

Without Redis the next heartbeat finds that their claims are gone: seconds later, but as surely.
"""

import logging
import threading

import redis
from django.conf import settings

from jobs.queue import bell
from jobs.worker.claims import Claims

logger = logging.getLogger(__name__)

LISTEN_FOR_S = 1.0
RECONNECT_AFTER_S = 1.0


class CancelListener(threading.Thread):
    def __init__(self, claims: Claims) -> None:
        super().__init__(name="cancel-listener", daemon=True)
        self._claims = claims
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except redis.RedisError as error:
                logger.warning("Redis is away, cancelled jobs are noticed by heartbeat: %s", error)
                self._stopped.wait(RECONNECT_AFTER_S)

    def _listen(self) -> None:
        client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True, health_check_interval=10)
        with client, client.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(bell.CANCELLED)
            while not self._stopped.is_set():
                message = channel.get_message(timeout=LISTEN_FOR_S)
                if message:
                    self._claims.abort_job(int(message["data"]))

    def stop(self) -> None:
        self._stopped.set()
        self.join()
