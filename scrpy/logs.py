"""Logs: one JSON object a line on stderr, with what must stay secret masked."""

import logging
import re

import structlog
from django.http import HttpRequest
from structlog.typing import EventDict, WrappedLogger

SECRETS = re.compile(
    r"(?P<kind>sk_(?:live|test)_|whsec_)[\w+/=-]+"
    r"|(?P<userinfo>(?<=://)[^/\s:@]+:[^/\s@]+(?=@))"
    r"|(?P<header>(?i:authorization|cookie|set-cookie)['\"]?\s*[:=]\s*)[^\r\n,;}]+"
)


def masked(text: str) -> str:
    """`text` without API keys, webhook secrets, passwords in addresses, and credentials in headers."""
    return SECRETS.sub(lambda found: (found["kind"] or found["header"] or "") + "***", text)


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: shown(value) for name, value in event.items()}


def shown(value: object) -> object:
    """A request without its query: that of a file of URLs says all that is wanted, with headers and credentials."""
    if isinstance(value, HttpRequest):
        return f"{value.method} {value.path}"
    return masked(value) if isinstance(value, str) else value


def json_formatter() -> logging.Formatter:
    """Formats every record, ours and the libraries', alike."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask_event,
            structlog.processors.JSONRenderer(),
        ],
    )
