"""Django's settings, and the one place where scrpy reads the environment.

Every variable is in the README's table. A value that makes no sense stops the start with its name.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit

import environ
import limits
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from limits import RateLimitItem

from jobs.failpoints import ACTIONS, PLACES
from scraping.egress import Policy
from scraping.egress.policy import PORTS
from scrpy import addresses
from scrpy.patience import BACKGROUND, set_patience
from scrpy.secret import kept_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def integer(name: str, default: int, *, least: int, most: int) -> int:
    """The whole number in variable `name`, or a refusal that says what was expected."""
    text = env.str(name, default="")
    return whole_number(name, text, least=least, most=most) if text else default


def whole_number(name: str, text: str, *, least: int, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{name}={text}: expected a whole number from {least} to {most}.")
    return int(text)


def size(name: str, default: int) -> int:
    """Bytes: a whole number, perhaps with K, M or G for powers of 1,024."""
    text = env.str(name, default="")
    found = re.fullmatch(r"([0-9]{1,15})([KMG]?)", text or str(default))
    if not found:
        raise ImproperlyConfigured(f"{name}={text}: expected so many bytes, such as 5000000, 500M or 10G.")
    return int(found[1]) << 10 * " KMG".index(found[2] or " ")


def rate(name: str, default: str) -> RateLimitItem | None:
    """So many a second, minute, hour or day; None for `0`, which is no limit."""
    text = env.str(name, default="") or default
    if text == "0":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", text):
        raise ImproperlyConfigured(f"{name}={text}: expected a rate such as 600/minute, or 0 for no limit.")
    return limits.parse(text)


def choice(name: str, default: str, *allowed: str) -> str:
    text = env.str(name, default="") or default
    if text not in allowed:
        raise ImproperlyConfigured(f"{name}={text}: expected one of {', '.join(allowed)}.")
    return text


def switch(name: str, *, default: bool) -> bool:
    return choice(name, "true" if default else "false", "true", "false", "1", "0") in ("true", "1")


def listed(name: str) -> list[str]:
    return [part.strip() for part in env.str(name, default="").split(",") if part.strip()]


def ports(name: str) -> frozenset[int]:
    return frozenset(whole_number(name, text, least=1, most=65_535) for text in listed(name))


def address_pairs(name: str) -> frozenset[str]:
    """`host:port,host:port`, each written as the gate writes it."""
    return frozenset(address_pair(name, text) for text in listed(name))


def address_pair(name: str, text: str) -> str:
    try:
        return addresses.canonical_pair(text)
    except ValueError:
        shown = text.rpartition("@")[2]  # before it there may be a password
        raise ImproperlyConfigured(
            f"{name}={shown}: expected host:port pairs like 127.0.0.1:8901, separated by commas; "
            "each is one host at one port, without a scheme, a path, a wildcard or a range."
        ) from None


def failpoint(name: str) -> tuple[str, str] | None:
    """`place:action`, split; None if it is not set."""
    text = env.str(name, default="")
    place, _, action = text.partition(":")
    if text and (place not in PLACES or action not in ACTIONS):
        raise ImproperlyConfigured(
            f"{name}={text}: expected place:action, a place being one of {', '.join(PLACES)}, "
            f"an action one of {', '.join(ACTIONS)}."
        )
    return (place, action) if text else None


# -- what the operator decides -------------------------------------------------------------------------

SCRPY_ENV = choice("SCRPY_ENV", "development", "development", "production")
DEVELOPMENT = SCRPY_ENV == "development"
SCRPY_HOST = env.str("SCRPY_HOST", default="") or "127.0.0.1"
SCRPY_PORT = integer("SCRPY_PORT", 8000, least=1, most=65_534)
SHOP_PORT = SCRPY_PORT + 1
SCRPY_HOME = Path(env.str("SCRPY_HOME", default="") or BASE_DIR / "var").expanduser().absolute()
SCRPY_PUBLIC_URL = (env.str("SCRPY_PUBLIC_URL", default="") or f"http://{SCRPY_HOST}:{SCRPY_PORT}").rstrip("/")
if urlsplit(SCRPY_PUBLIC_URL).scheme not in ("http", "https") or not urlsplit(SCRPY_PUBLIC_URL).hostname:
    raise ImproperlyConfigured(
        f"SCRPY_PUBLIC_URL={SCRPY_PUBLIC_URL}: expected an address like https://scrpy.example.com."
    )
HTTPS = SCRPY_PUBLIC_URL.startswith("https:")

SCRPY_CHROMIUM_PATH = env.str("SCRPY_CHROMIUM_PATH", default="") or None
SCRPY_SANDBOX = cast(Literal["auto", "on", "off"], choice("SCRPY_SANDBOX", "auto", "auto", "on", "off"))
if SCRPY_SANDBOX == "auto" and not DEVELOPMENT:
    SCRPY_SANDBOX = "on"
CORES = len(os.sched_getaffinity(0))
SCRPY_WORKER_PROCESSES = integer("SCRPY_WORKER_PROCESSES", max(1, CORES // 2), least=1, most=256)
SCRPY_LANES = integer("SCRPY_LANES", 32, least=1, most=64)
SCRPY_EGRESS_ALLOW = address_pairs("SCRPY_EGRESS_ALLOW")
if DEVELOPMENT:
    SCRPY_EGRESS_ALLOW |= {f"127.0.0.1:{SHOP_PORT}", f"localhost:{SHOP_PORT}"}
SCRPY_EGRESS_PORTS = ports("SCRPY_EGRESS_PORTS")
SCRPY_WEBHOOK_ALLOW_HTTP = switch("SCRPY_WEBHOOK_ALLOW_HTTP", default=DEVELOPMENT)
SCRPY_ALLOW_EVALUATE = switch("SCRPY_ALLOW_EVALUATE", default=False)
SCRPY_HOST_CONCURRENCY = integer("SCRPY_HOST_CONCURRENCY", 32, least=1, most=1_000)
SCRPY_ACCOUNT_CONCURRENCY = integer("SCRPY_ACCOUNT_CONCURRENCY", 1_000, least=1, most=1_000_000)
SCRPY_ACCOUNT_JOBS = integer("SCRPY_ACCOUNT_JOBS", 5_000, least=1, most=1_000_000)
SCRPY_RATE_LIMIT = rate("SCRPY_RATE_LIMIT", "3000/minute")
SCRPY_ACCOUNT_RATE_LIMIT = rate("SCRPY_ACCOUNT_RATE_LIMIT", "6000/minute")
SCRPY_WRONG_KEY_LIMIT = rate("SCRPY_WRONG_KEY_LIMIT", "60/minute")
SCRPY_MAX_URLS_PER_JOB = integer("SCRPY_MAX_URLS_PER_JOB", 10_000, least=1, most=1_000_000)
SCRPY_MAX_URLS_PER_UPLOAD = integer("SCRPY_MAX_URLS_PER_UPLOAD", 100_000, least=1, most=1_000_000)
SCRPY_MAX_UPLOAD_BYTES = size("SCRPY_MAX_UPLOAD_BYTES", 64 * 2**20)
SCRPY_RETENTION_DAYS = integer("SCRPY_RETENTION_DAYS", 30, least=1, most=36_500)
SCRPY_KEEP_HTML = switch("SCRPY_KEEP_HTML", default=True)
SCRPY_KEPT_BYTES = size("SCRPY_KEPT_BYTES", 10 * 2**30)
SCRPY_STORAGE = env.str("SCRPY_STORAGE", default="")

FAILPOINT = failpoint("FAILPOINT")

VALKEY_NOTE = SCRPY_HOME / "valkey.url"
"""Where `up` notes the address of the Valkey it runs, for commands started beside it."""
EMBEDDED_QUEUE = not env.str("REDIS_URL", default="")
"""Whether `up` runs a Valkey of its own."""
REDIS_URL = env.str("REDIS_URL", default="") or (
    VALKEY_NOTE.read_text() if VALKEY_NOTE.exists() else "unix:///nonexistent/valkey.socket"
)

SECRET_KEY = env.str("SCRPY_SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEVELOPMENT:
        raise ImproperlyConfigured(
            "SCRPY_SECRET_KEY is not set: production needs one of its own, 50 random characters or more."
        )
    SECRET_KEY = kept_secret(SCRPY_HOME / "secret.key")
SECRET_KEY_FALLBACKS = [key for key in env.str("SCRPY_SECRET_KEY_FALLBACKS", default="").split(",") if key]

# -- mail ----------------------------------------------------------------------------------------------


def mail() -> dict[str, Any]:
    """Django's settings of how mail goes out, by `EMAIL_URL`; without it, mail is printed."""
    try:
        return cast(dict[str, Any], env.email("EMAIL_URL", default="consolemail://"))
    except (KeyError, ValueError, environ.ImproperlyConfigured):
        raise ImproperlyConfigured("EMAIL_URL: expected smtp+tls://user:password@host:port.") from None


vars().update(mail())
DEFAULT_FROM_EMAIL = env.str("SCRPY_MAIL_FROM", default="") or f"scrpy@{urlsplit(SCRPY_PUBLIC_URL).hostname}"

# -- database ------------------------------------------------------------------------------------------


def database() -> dict[str, Any]:
    """PostgreSQL by `DATABASE_URL`, else SQLite under `SCRPY_HOME`.

    SQLite: write-ahead log and IMMEDIATE transactions, so that writers queue up instead of failing half-way.
    PostgreSQL: pooled connections, looked at before they are lent: the server may have been restarted.
    """
    if not env.str("DATABASE_URL", default=""):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": SCRPY_HOME / "scrpy.sqlite3",
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
            },
        }
    config: dict[str, Any] = env.db("DATABASE_URL")
    if "postgresql" not in config["ENGINE"]:
        raise ImproperlyConfigured("DATABASE_URL: expected postgres://user:password@host:port/name.")
    config["HOST"] = unquote(config["HOST"])  # a socket's directory, as libpq's URLs write it
    config["CONN_HEALTH_CHECKS"] = True
    config["OPTIONS"] = {
        **config.get("OPTIONS", {}),
        "pool": {"min_size": 0, "max_size": SCRPY_LANES + 8, "max_idle": 60},
    }
    return config


DATABASES = {"default": database()}
set_patience(DATABASES["default"], BACKGROUND)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- kept files ----------------------------------------------------------------------------------------

BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]{0,200}))?")


def kept_files() -> dict[str, Any]:
    """The storage of what is made of pages: a bucket by `SCRPY_STORAGE`, else a folder under `SCRPY_HOME`."""
    if SCRPY_STORAGE:
        return {"BACKEND": "jobs.artifacts.bucket.Bucket", "OPTIONS": bucket(SCRPY_STORAGE)}
    return {
        "BACKEND": "jobs.artifacts.disk.Disk",
        "OPTIONS": {
            "location": SCRPY_HOME / "kept",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }


def bucket(address: str) -> dict[str, Any]:
    found = BUCKET.fullmatch(address)
    if not found or ".." in address:
        shown = address.rpartition("@")[2]  # before it there may be a password
        raise ImproperlyConfigured(f"SCRPY_STORAGE={shown}: expected s3://bucket or s3://bucket/prefix.")
    if not (find_spec("storages") and find_spec("boto3")):
        raise ImproperlyConfigured(
            f"SCRPY_STORAGE={address}: S3 needs django-storages and boto3. "
            "Install them: .venv/bin/pip install -r requirements-s3.in"
        )
    return {"bucket_name": found[1], "location": (found[2] or "").strip("/"), "file_overwrite": True}


STORAGES = {
    "kept": kept_files(),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# -- egress --------------------------------------------------------------------------------------------


def own_services() -> frozenset[str]:
    """Where the web, the queue and the database listen: no page and no webhook may talk to them."""
    with named("SCRPY_HOST"):
        web = {addresses.pair(SCRPY_HOST, SCRPY_PORT)}
    with named("REDIS_URL"):
        queue = addresses.redis_pairs(REDIS_URL)
    with named("DATABASE_URL"):
        return queue | web | addresses.postgres_pairs(DATABASES["default"])


@contextmanager
def named(name: str) -> Iterator[None]:
    """Refuse what is no address by its variable alone: there may be a password in it."""
    try:
        yield
    except ValueError:
        raise ImproperlyConfigured(f"{name}: its host and port are no address that one could connect to.") from None


EGRESS_POLICY = Policy(allow=SCRPY_EGRESS_ALLOW, ports=PORTS | SCRPY_EGRESS_PORTS, own=own_services())

# -- Django --------------------------------------------------------------------------------------------

DEBUG = False
ROOT_URLCONF = "scrpy.urls"
ASGI_APPLICATION = "scrpy.asgi.application"
ALLOWED_HOSTS = sorted({str(urlsplit(SCRPY_PUBLIC_URL).hostname), SCRPY_HOST, "localhost", "127.0.0.1", "[::1]"})
CSRF_TRUSTED_ORIGINS = [SCRPY_PUBLIC_URL]
INSTALLED_APPS = [
    "scrpy",
    "jobs",
    "unfold",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_htmx",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]
MIDDLEWARE = [
    "jobs.api.middleware.outermost",
    "django.middleware.security.SecurityMiddleware",
    "scrpy.static_files.static_files",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "scrpy.policies.PoliciesMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
APPEND_SLASH = True
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler", "scrpy.uploaded.OnDisk"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20
"""Bytes of one request's body; the contract's limit."""

LOGIN_URL = "dashboard:sign-in"
LOGIN_REDIRECT_URL = "dashboard:overview"
SESSION_ENGINE = "jobs.sessions"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # by name alone, anybody could lock anybody out
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "dashboard/locked.html"
AXES_CLIENT_IP_CALLABLE = "jobs.addresses.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/docs", "/v1/", "/metrics", "/static/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
"""Of the pages for people; `scrpy.policies` says what the admin needs beside it, and /docs says its own."""

SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["jobs.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["jobs.api.authentication.KeyScope"],
    "DEFAULT_PARSER_CLASSES": [],  # jobs.api.bodies reads: DRF takes a body without Content-Length for none
    "DEFAULT_RENDERER_CLASSES": ["jobs.api.rendering.OrjsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "jobs.api.rendering.OneRenderer",
    "EXCEPTION_HANDLER": "jobs.api.envelope.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "jobs.api.schema.document.Walk",
    "TITLE": "scrpy",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATIONS": False,
}

UNFOLD = {
    "SITE_TITLE": "scrpy",
    "SITE_HEADER": "scrpy",
    "SITE_SUBHEADER": "staff",
    "SITE_SYMBOL": "travel_explore",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["jobs.admin.navigation.stylesheet"],
    "SIDEBAR": {"navigation": "jobs.admin.navigation.sidebar"},
    "DASHBOARD_CALLBACK": "jobs.admin.dashboard.show",
}

# -- logs ----------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "scrpy.logs.json_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # the answer says it, and anyone can cause it
        "axes": {"level": "WARNING"},  # each sign-in would be four lines
        "dramatiq": {"level": "WARNING"},
        "uvicorn": {"handlers": [], "propagate": True},  # its own handler would write past ours
        "uvicorn.access": {"level": "WARNING"},
    },
}
