"""What an operator should hear about how he runs scrpy: said at every start, and by `manage.py check --deploy`."""

import os
from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name for it

from scraping.errors import ScrapeError

ROOT_HAS_NO_SANDBOX = (
    "Chromium has no sandbox when it runs as root. Run scrpy as an ordinary user; or set SCRPY_SANDBOX=off, "
    "and a page that breaks out of its renderer is root on this machine."
)
KERNEL_HAS_NO_SANDBOX = (
    "Chromium finds no sandbox here: this kernel or container forbids user namespaces to ordinary users. Allow them "
    "(in Docker, deploy/chromium-seccomp.json does); or set SCRPY_SANDBOX=off, and a page that breaks out of its "
    "renderer may do whatever scrpy's user may."
)
NO_SANDBOX = "No usable sandbox"
"""What Chromium says before it gives up."""


def inside_opened() -> str:
    """What the operator's allow-list means in production, in one line; nothing if there is no such list."""
    if settings.DEVELOPMENT or not settings.SCRPY_EGRESS_ALLOW:
        return ""
    pairs = ", ".join(sorted(settings.SCRPY_EGRESS_ALLOW))
    return f"SCRPY_EGRESS_ALLOW is set: pages and webhooks of every account may reach {pairs}."


def sandbox_off() -> str:
    """That pages run without Chromium's sandbox, in one line; nothing if they are to run in it."""
    if settings.SCRPY_SANDBOX == "off":
        return "Chromium runs without its sandbox, because of SCRPY_SANDBOX=off."
    if settings.SCRPY_SANDBOX == "auto" and os.geteuid() == 0:
        return "Chromium runs without its sandbox, because it runs as root: good enough for pages that you trust."
    return ""


def sandbox_impossible() -> str:
    """Why the sandbox that is wanted cannot be had, whatever Chromium says, and what to do; nothing if it may be."""
    return ROOT_HAS_NO_SANDBOX if settings.SCRPY_SANDBOX == "on" and os.geteuid() == 0 else ""


def explained(error: ScrapeError) -> str:
    """Why Chromium did not start, in words that an operator can act on."""
    return KERNEL_HAS_NO_SANDBOX if NO_SANDBOX in str(error) else str(error)


@register(Tags.security, deploy=True)
def check_allow_list(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    opened = inside_opened()
    return [Warning(opened, id="scrpy.W001")] if opened else []


@register(Tags.security, deploy=True)
def check_sandbox(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Not whether it is possible: who deploys is often root, and another user runs it."""
    off = settings.SCRPY_SANDBOX == "off"
    return [Warning(sandbox_off(), id="scrpy.W002")] if off else []
