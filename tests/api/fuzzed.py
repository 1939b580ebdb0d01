"""What schemathesis is told besides the document: values of our own formats, ids that are there, and what JSON Schema
cannot say of a request. It reads this itself, by SCHEMATHESIS_HOOKS.
"""

import json
import os

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

KNOWN = json.loads(os.environ.get("SCRPY_FUZZED_IDS", "{}"))
"""Ids of what is there, by the first part of a path."""

FILES = ("application/x-ndjson", "text/csv", "multipart/form-data")
FORMATS = {
    "url": [
        "https://store.com/p1",
        "http://example.org:8080/?q=%C3%BC#x",
        "https://b\u00fccher.example/",
        "https://8.8.8.8/",
    ],
    "selector": ["h1", "main", ".price", "//main/p[1]"],
    "rule": ["h1", "main", "b", "h1", "main", "b", "img@src", "xpath=count(//li)", ".tags li", ":scope"],
    "attribute": ["@href", "@data-id"],
    "meta": ["description", "og:title", "author"],
    "re2": ["[0-9]+", "(?P<name>a|b)", "x"],
    "jmespath": ["name", "offers.price", "[?name].name | [0]"],
    "transform": ["lower", "join(, )", "split(|)", "replace(a, b)", "first", "absoluteUrl"],
    "proxy": ["http://proxy.example.com:3128", "https://proxy.example.com", "socks5://proxy.example.com"],
    "locale": ["de", "en-GB", "zh-Hant-TW"],
    "timezone": ["UTC", "Europe/Berlin", "America/New_York"],
    "key": ["Enter", "ArrowDown", "a", "Control+A"],
    "cron": ["30 6 * * mon-fri", "@daily", "0 0 L * *", "*/5 1,2 1-3 JAN mon#1"],
    "names": ["title", "title,price", '"a,b"'],
    "cursor": ["c2VxdWVuY2U6MA", "c2VxdWVuY2U6MQ"],
}


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_it_is(_context: object, value: object) -> bytes:
    """A file of URLs is a text as far as the document can say."""
    return str(value).encode(errors="replace")


for name, values in FORMATS.items():
    schemathesis.openapi.format(name, st.sampled_from(values))

UNSAID = {
    "invalid_combination": "what does not go together",
    "invalid_selector": "a text that is no selector",
    "invalid_pattern": "a text that is no RE2, or has not that group",
    "invalid_transform": "a text that is no transform",
    "invalid_path": "a text that is no JMESPath",
    "invalid_cron": "a text that is no cron",
    "invalid_url": "a text that is no URL",
    "blocked_address": "a URL that leads inside",
    "duplicate_key": "names that are the same in another case",
    "unsupported_option": "what the operator has switched off",
    "too_deep": "rules in rules in rules",
    "too_many": "what is counted in all of a request",
    "too_long": "what is measured in bytes, or in all of a request",
    "invalid_choice": "a header, locale, time zone, key or cursor that is none",
    "invalid_character": "characters that a place does not take",
    "invalid": "no selectors where no outputs are asked for, and a name of nothing but half a letter",
    "required": "selectors where no outputs are asked for, and the like",
    "unknown_field": "names of fields that the job does not have",
}
"""Why a request may be refused that is as the document says. Types, ranges and unknown fields are not among it."""


def is_unsaid(problem):
    """5.0 is a whole number to JSON Schema, and none to us; 1e30 is one, too, and we take it, but no thirty digits."""
    whole = problem["code"] == "invalid_type" and " number" in problem["message"]
    huge = problem["code"] == "out_of_range" and ".default" in problem["field"]  # any JSON may stand there
    return whole or huge or problem["code"] in UNSAID


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        if response.request.headers.get("Content-Type", "").startswith(FILES):
            return False  # to JSON Schema a file is any text
        details = response.json()["error"]["details"]
        return not details or not all(map(is_unsaid, details))
    if isinstance(failure, AcceptedNegativeData) and "dryRun=true" in response.request.url:
        return not response.json()["dryRun"]["refused"]  # a dry run tells what is wrong with URLs, and is no failure
    return True


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    """Half of the time something that is there."""
    known = KNOWN.get(context.operation.path.split("/")[2])
    if not known or not path_parameters:
        return st.just(path_parameters)
    return st.sampled_from([path_parameters] * len(known) + [{**path_parameters, "id": one} for one in known])
