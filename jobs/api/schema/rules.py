"""The grammar of `selectors`. What JSON Schema cannot say (that a selector is one) is checked all the same."""

from typing import Any

from jobs.api.schema.shapes import ANYTHING, TEXT, choice, listed, ref, taken, told
from scraping.rules.cast import TYPES as CASTS
from scraping.rules.parse import (
    MAX_ALTERNATIVES,
    MAX_FIELDS,
    MAX_LIMIT,
    MAX_NAME_CHARS,
    MAX_SELECTOR_CHARS,
    OUTPUTS,
    SELECTOR_TYPES,
    TYPES,
)
from scraping.rules.pattern import MAX_PATTERN_CHARS
from scraping.rules.rule import DEFAULT_LIMIT
from scraping.rules.structured import MAX_PATH_CHARS
from scraping.rules.transform import ARGUMENTS, MAX_TRANSFORM_CHARS, MAX_TRANSFORMS

SELECTOR = told(
    {"type": "string", "format": "rule", "minLength": 1, "maxLength": MAX_SELECTOR_CHARS},
    "CSS, with `@name`, `::attr(name)` or `::text` at its end if that is wanted; or XPath, which starts with `/`, "
    "`./`, `(` or `xpath=`.",
)
TRANSFORM = told(
    {"type": "string", "format": "transform", "maxLength": MAX_TRANSFORM_CHARS, "examples": ["lower", "replace(a, b)"]},
    f"One of {', '.join(ARGUMENTS)}; join, split and replace take arguments in brackets.",
)

READING: dict[str, Any] = {
    "selector": told(
        {"anyOf": [SELECTOR, listed(SELECTOR, minItems=1, maxItems=MAX_ALTERNATIVES)]},
        "A list has alternatives: the first that matches anything wins. `:scope` is the element itself.",
    ),
    "selectorType": {**choice(SELECTOR_TYPES), "default": "auto"},
    "output": told(
        {
            "anyOf": [choice(OUTPUTS), {"type": "string", "format": "attribute", "pattern": "^@"}, ref("Rules")],
            "default": "text",
        },
        "What is read of a match: text, markup, `@attribute`, a table, or what these rules read inside it.",
    ),
}
WORK: dict[str, Any] = {
    "type": {**told(choice(TYPES), "`list` for all matches."), "default": "item"},
    "clean": told({"type": "boolean"}, "Whether white space is trimmed and folded."),
    "pattern": told(
        {"type": "string", "format": "re2", "minLength": 1, "maxLength": MAX_PATTERN_CHARS},
        "An RE2 expression that is searched in the value.",
    ),
    "group": told(
        {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_PATTERN_CHARS // len("()")}, TEXT]},
        "Which group of it is kept.",
    ),
    "transform": {"anyOf": [TRANSFORM, listed(TRANSFORM, maxItems=MAX_TRANSFORMS)]},
    "cast": choice(CASTS),
    "default": told(ANYTHING, "What stands in where nothing matched, or nothing fits."),
    "required": told(
        {"type": "boolean"}, "Whether a page without it fails; with `exists` and `count` it is not given."
    ),
    "limit": told(
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
        f"The most values of a list, {DEFAULT_LIMIT:,} if nothing is said; only lists have one.",
    ),
}
DEPENDENT = {"dependentRequired": {"group": ["pattern"]}}
META_NAME = {"type": "string", "format": "meta", "minLength": 1, "maxLength": MAX_NAME_CHARS}
META = {"anyOf": [META_NAME, listed(META_NAME, minItems=1, maxItems=MAX_ALTERNATIVES)]}
PATH = told({"type": "string", "format": "jmespath", "minLength": 1, "maxLength": MAX_PATH_CHARS}, "A JMESPath.")

FIELDS: dict[str, Any] = {
    "type": "object",
    "maxProperties": MAX_FIELDS,
    "propertyNames": {"minLength": 1, "maxLength": MAX_NAME_CHARS},
    "additionalProperties": ref("Rule"),
}
GRAMMAR: dict[str, Any] = {
    "Selectors": told(FIELDS, f"By field, how it is read; {MAX_FIELDS} at most, nested ones counted."),
    "Rules": {**FIELDS, "minProperties": 1},
    "Rule": {
        "anyOf": [
            SELECTOR,
            told(listed(SELECTOR, minItems=1, maxItems=1), "The list of all matches."),
            ref("ElementRule"),
            ref("MetaRule"),
            ref("JsonLdRule"),
        ]
    },
    "ElementRule": told(
        taken({**READING, **WORK, "source": {"const": "dom", "default": "dom"}}, "selector", **DEPENDENT),
        "A field read of the page's elements.",
    ),
    "MetaRule": told(
        taken({"selector": META, "source": choice(("meta", "opengraph")), **WORK}, "selector", "source", **DEPENDENT),
        "A field read of the page's meta elements.",
    ),
    "JsonLdRule": told(
        taken({"path": PATH, "source": {"const": "jsonld"}, **WORK}, "path", "source", **DEPENDENT),
        "A field read of the page's JSON-LD.",
    ),
}
