"""The rows: accounts, their people and their keys, jobs and their pages, events and their deliveries, and who works.

A rule about one row is a method here, a rule about a set a queryset method.
"""

from jobs.models.account import Account, LedgerEntry
from jobs.models.api_key import ApiKey
from jobs.models.artifact import Artifact
from jobs.models.host import Host
from jobs.models.idempotency_key import IdempotencyKey
from jobs.models.job import HostQueue, Job, Variant
from jobs.models.membership import Membership
from jobs.models.page import Page
from jobs.models.schedule import Schedule, ScheduleRun
from jobs.models.session import Session
from jobs.models.usage import DailyUsage
from jobs.models.webhook import Delivery, DeliveryAttempt, WebhookEvent
from jobs.models.worker import Worker

__all__ = [
    "Account",
    "ApiKey",
    "Artifact",
    "DailyUsage",
    "Delivery",
    "DeliveryAttempt",
    "Host",
    "HostQueue",
    "IdempotencyKey",
    "Job",
    "LedgerEntry",
    "Membership",
    "Page",
    "Schedule",
    "ScheduleRun",
    "Session",
    "Variant",
    "WebhookEvent",
    "Worker",
]
