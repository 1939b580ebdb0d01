"""Logs: one JSON object a line on stderr, with what must stay secret masked."""

import logging
import re

import structlog
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
    return {name: masked(value) if isinstance(value, str) else value for name, value in event.items()}


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
