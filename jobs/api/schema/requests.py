"""What clients send: jobs, single scrapes, schedules, and the options that all of them share."""

from typing import Any

from django.conf import settings

from jobs.api.job_requests import FOR_MANY, LONGEST_NAME, MOST_HTML_BYTES
from jobs.api.schema.rules import GRAMMAR
from jobs.api.schema.shapes import TEXT, listed, ref, taken, told
from jobs.api.url_lists import LONGEST_REFERENCE, OF_THE_JOB
from jobs.options import DEFAULTS, READERS
from jobs.options.acting import ACTION, ACTIONS
from jobs.options.identity import read_device, read_geolocation, read_timezone, read_viewport
from jobs.options.proxy import read_proxy
from jobs.options.sending import HEADERS, read_cookie
from jobs.options.waiting import read_awaited
from jobs.reading import Schema, described, read_metadata, switch
from jobs.schedules.cron import read_cron
from jobs.webhooks.asked import WEBHOOK
from scraping.egress.gate import MAX_URL_CHARS

URL = told({"type": "string", "format": "url", "maxLength": MAX_URL_CHARS}, "An http or https URL.")
WEBHOOK_URL = {"type": "string", "format": "url", "maxLength": MAX_URL_CHARS}

SAID_OF_OPTIONS = {
    "timeout": "How long a page may take, in ms; the time it waits in the queue does not count.",
    "retries": "How often a page that failed is tried again, where that may help.",
    "waitUntil": "When a page is ready; without it, when every field was found and the page has come to rest.",
    "hostConcurrency": "Pages of one host at once.",
    "hostDelay": "The time between the starts of two pages at a host, in ms.",
    "respectRobots": "Whether pages that a host's robots.txt asks not to visit are left alone, and its delay is kept.",
    "priority": "Among your own jobs those with more go first.",
    "deadline": "How long after its creation, in ms, what is still open of the job fails.",
    "concurrency": "Pages of the job at once.",
    "deduplicate": "Whether later copies of the same canonical URL are dropped.",
    "proxy": "A proxy of your own that the pages are loaded through.",
    "headers": "Sent with each request to the page's own origin. Shown as `[sealed]`.",
    "cookies": "Cookies of the page's own host. Their values are shown as `[sealed]`.",
    "block": "What is not loaded; images, where nothing is said and no picture is asked for.",
    "session": "`job`: cookies and storage stay from page to page. `isolated`, if nothing is said.",
    "waitFor": "A selector, or so many ms, that a page is waited for besides.",
    "acceptStatus": "Error statuses whose pages are read like any other.",
    "userAgent": "What the browser calls itself.",
    "viewport": "The size of the window.",
    "device": "One of Playwright's devices: its user agent, viewport, pixel density and touch.",
    "locale": "The browser's language, and how numbers and dates are meant that can be read in two ways.",
    "timezone": "The browser's time zone, by its IANA name.",
    "geolocation": "Where sites that ask are told that the browser is.",
    "colorScheme": "For pages that have both; light, if nothing is said.",
    "javascript": "`false`: no script of the page runs.",
    "outputs": "What is made of each page beside its fields.",
    "keepHtml": "Whether the page's HTML is kept, to be read again.",
    "maxAge": "How old, in ms, an own result may be that is given instead of a visit.",
    "actions": "What is done to each page before it is read.",
    "explain": "Adds `metadata.fields`: why each field's value is what it is.",
    "shadowRoots": "Whether selectors also search open shadow roots.",
    "frames": "Whether selectors also search frames of the page's own origin.",
}

OPTIONS = {name: told(schema, SAID_OF_OPTIONS[name]) for name, schema in described(READERS, DEFAULTS).items()}
SINGLE_OPTIONS = {name: schema for name, schema in OPTIONS.items() if name not in FOR_MANY}
URL_OPTIONS = {name: schema for name, schema in OPTIONS.items() if name not in OF_THE_JOB}

NAME = {"type": ["string", "null"], "maxLength": LONGEST_NAME}
SELECTORS = told(ref("Selectors"), "Required, unless `options.outputs` asks for something.")
ASKED_WEBHOOK = told(
    {"anyOf": [WEBHOOK_URL, ref("Webhook"), {"type": "null"}]},
    "Where events are delivered: https, or http where the operator allows it.",
)

JOB: dict[str, Any] = {
    "urls": listed({"anyOf": [URL, ref("JobUrl")]}, minItems=1, maxItems=settings.SCRPY_MAX_URLS_PER_JOB),
    "selectors": SELECTORS,
    "name": NAME,
    "options": ref("Options"),
    "metadata": told(ref("Metadata"), "Your own, given back as it came."),
    "webhook": ASKED_WEBHOOK,
}
SINGLE: dict[str, Any] = {
    "url": URL,
    "selectors": SELECTORS,
    "options": ref("SingleOptions"),
}
SCHEDULE: dict[str, Any] = {
    "name": NAME,
    "cron": told(read_cron.schema, "Five fields: minute, hour, day of the month, month, day of the week; or a name."),
    "timezone": {**read_timezone.schema, "default": "UTC"},
    "paused": {**switch.schema, "default": False},
    "job": ref("PlainJobRequest"),
}
JOB_URL: dict[str, Any] = {
    "url": URL,
    "reference": told({**TEXT, "maxLength": LONGEST_REFERENCE}, "Your own name for it, given back with its result."),
    "selectors": told(ref("Rules"), "Instead of the job's."),
    "options": told(ref("UrlOptions"), "Each instead of the job's."),
}
PARTS: dict[str, Schema] = {
    "Metadata": read_metadata.schema,
    "Headers": HEADERS,
    "Cookie": read_cookie.schema,
    "Proxy": read_proxy.schema,
    "Viewport": read_viewport.schema,
    "Geolocation": read_geolocation.schema,
    "Device": read_device.schema,
    "Awaited": read_awaited.schema,
    "Action": ACTION,
    **ACTIONS,
    "Webhook": WEBHOOK,
}
"""What readers say of themselves, by the names under which it stands in the document."""

REQUESTS: dict[str, Any] = {
    **GRAMMAR,
    "Options": taken(OPTIONS),
    "SingleOptions": told(taken(SINGLE_OPTIONS), "The options that mean something for a single URL."),
    "UrlOptions": told(taken(URL_OPTIONS), "The options that may differ from URL to URL."),
    "JobUrl": taken(JOB_URL, "url"),
    "JobRequest": taken(JOB, "urls"),
    "JobOfFile": told(
        taken({name: schema for name, schema in JOB.items() if name != "urls"}), "A job whose URLs are a file."
    ),
    "PlainJobRequest": taken({**JOB, "urls": {**JOB["urls"], "items": URL}}, "urls"),
    "ScrapeRequest": taken({**SINGLE, "metadata": ref("Metadata")}, "url"),
    "PreviewRequest": taken(
        {
            **SINGLE,
            "html": {
                "type": "string",
                "maxLength": MOST_HTML_BYTES,
                "description": "Read as if it stood at `url`; nothing is fetched. Without it `url` is required.",
            },
        },
    ),
    "ReextractRequest": taken(
        {"selectors": ref("Rules"), "name": NAME, "webhook": ASKED_WEBHOOK, "metadata": ref("Metadata")}, "selectors"
    ),
    "TestDeliveryRequest": taken({"url": WEBHOOK_URL, "headers": ref("Headers")}, "url"),
    "ScheduleRequest": taken(SCHEDULE, "cron", "job"),
    "ScheduleChanges": taken(
        {name: {key: said for key, said in one.items() if key != "default"} for name, one in SCHEDULE.items()}
    ),
    "Nothing": taken({}),
}
