"""The extraction grammar in string form, checked without a browser."""

import json
import resource
import subprocess
import sys

import pytest

from scraping import rules
from scraping.errors import RulesError
from scraping.rules import Rule
from scraping.rules.rule import Output, Selector

READ = [
    ("h1", Rule("f", (Selector("css", "h1"),))),
    ("  h1  ", Rule("f", (Selector("css", "h1"),))),
    ("h1::text", Rule("f", (Selector("css", "h1"),))),
    ("a@href", Rule("f", (Selector("css", "a", "href"),))),
    ("a @href", Rule("f", (Selector("css", "a", "href"),))),
    ("a@data-id", Rule("f", (Selector("css", "a", "data-id"),))),
    ("a@xlink:href", Rule("f", (Selector("css", "a", "xlink:href"),))),
    ("a::attr(href)", Rule("f", (Selector("css", "a", "href"),))),
    ("a::attr( data-id )", Rule("f", (Selector("css", "a", "data-id"),))),
    ("a[title='x@y']", Rule("f", (Selector("css", "a[title='x@y']"),))),
    ("a[title='x@y']@href", Rule("f", (Selector("css", "a[title='x@y']", "href"),))),
    ('a[title="it\\"s@"]@href', Rule("f", (Selector("css", 'a[title="it\\"s@"]', "href"),))),
    ("a[title='>> text=']", Rule("f", (Selector("css", "a[title='>> text=']"),))),
    (".sm\\:w\\@lg", Rule("f", (Selector("css", ".sm\\:w\\@lg"),))),
    (".sm\\@lg@id", Rule("f", (Selector("css", ".sm\\@lg", "id"),))),
    ("a:not([x='@'])@y", Rule("f", (Selector("css", "a:not([x='@'])", "y"),))),
    ("//h1", Rule("f", (Selector("xpath", "//h1"),))),
    ("./h1", Rule("f", (Selector("xpath", "./h1"),))),
    ("(//h1)[1]", Rule("f", (Selector("xpath", "(//h1)[1]"),))),
    ("//a/@href", Rule("f", (Selector("xpath", "//a/@href"),))),
    ("xpath=count(//a)", Rule("f", (Selector("xpath", "count(//a)"),))),
    ("xpath= id('x')", Rule("f", (Selector("xpath", "id('x')"),))),
    (["h1"], Rule("f", (Selector("css", "h1"),), many=True)),
    (["a@href"], Rule("f", (Selector("css", "a", "href"),), many=True)),
    (["//a"], Rule("f", (Selector("xpath", "//a"),), many=True)),
]

REFUSED = [
    ("", "empty"),
    ("   ", "empty"),
    ("@href", "must stand before @href"),
    ("::text", "must stand before ::text"),
    ("::attr(x)", "must stand before"),
    ("a@", "names nothing"),
    ("a@b c", "one attribute"),
    ("a::attr()", "names nothing"),
    ("a@href@id", "not a valid CSS selector"),
    ("h1[", "not a valid CSS selector"),
    ("a,,b", "not a valid CSS selector"),
    ("a >", "not a valid CSS selector"),
    ("> a", "not a valid CSS selector"),
    ("a{}", "not a valid CSS selector"),
    ("h1::text a", "can only be the end"),
    ("p::nonsense", "no pseudo-element"),
    ("p::before a", "can only be the end"),
    ("a:nonsense", "no pseudo-class :nonsense"),
    ("a:contains('x')", "jQuery or Playwright"),
    ("a:has-text('x')", "jQuery or Playwright"),
    ("a:not(:visible)", "jQuery or Playwright"),
    ("a:is(:visible)", "jQuery or Playwright"),
    ("li:eq(1)", "jQuery or Playwright"),
    ("a >> b", "engines"),
    ("text=foo", "engines"),
    ("internal:role=button", "engines"),
    ("#1", '[id="1"]'),
    ("svg|a", "Namespace prefixes"),
    ("a || b", "column combinator"),
    ("a[b=c s]", "flag s"),
    ("a:has(:has(b))", "inside another :has"),
    ("h1\x00", "U+0000"),
    ("h1\ud800", "surrogate"),
    ("//a[", "not a valid XPath"),
    ("xpath=", "not a valid XPath"),
    ("(//a", "not a valid XPath"),
    ("//a[matches(., 'x')]", "no function matches()"),
    ("xpath=document('file:///etc/passwd')", "no function document()"),
    ("//a[re:test(., 'x')]", "Namespace prefixes"),
    ("//svg:a", "Namespace prefixes"),
    ("//a[concat('x')]", "concat() does not take 1"),
    ("//a[contains(., 'x', 'y')]", "contains() does not take 3"),
    ("//a[$x]", "variables"),
    ("//a[1e3]", "letters"),
    ("h1" + "x" * 1_999, "2,001 characters"),
    (5, "string"),
    (None, "string"),
    (True, "string"),
    ([], "just one"),
    (["h1", "h2"], "just one"),
    ([["h1"]], "string"),
]


@pytest.mark.parametrize(("written", "rule"), READ)
def test_a_selector_is_read(written, rule):
    assert list(rules.parse({"f": written})) == [rule]


@pytest.mark.parametrize(("written", "sentence"), REFUSED)
def test_a_bad_selector_is_refused_with_a_sentence(written, sentence):
    with pytest.raises(RulesError) as caught:
        rules.parse({"title": written})

    [error] = caught.value.errors
    assert (error.path, error.code) == ("selectors.title", "invalid_selector")
    assert sentence in error.message


def test_a_selector_may_have_2000_characters():
    longest = "h" * 2_000

    assert rules.parse({"f": longest})[0].selectors == (Selector("css", longest),)


def test_every_bad_field_is_named_and_none_of_the_good_ones():
    with pytest.raises(RulesError) as caught:
        rules.parse({"a": "h1", "b": "h1[", "c": {"selector": "h1", "as": "text"}, "d": "//h1", "e": "a@"})

    assert [(error.path, error.code) for error in caught.value.errors] == [
        ("selectors.b", "invalid_selector"),
        ("selectors.c.as", "unknown_field"),
        ("selectors.e", "invalid_selector"),
    ]


@pytest.mark.parametrize("selectors", [{}, [], None, "h1", {str(n): "h1" for n in range(201)}])
def test_selectors_are_an_object_of_1_to_200_fields(selectors):
    with pytest.raises(RulesError) as caught:
        rules.parse(selectors)

    assert [(error.path, error.code) for error in caught.value.errors] == [("selectors", "invalid")]


@pytest.mark.parametrize("name", ["", "x" * 101, "a\x00", "\udc00"])
def test_a_field_name_has_1_to_100_characters(name):
    with pytest.raises(RulesError) as caught:
        rules.parse({name: "h1"})

    assert caught.value.errors[0].code == "invalid"


def test_fields_keep_their_order_and_their_names_byte_for_byte():
    names = ["z", "a", "日本", "x" * 100, " ", "__proto__"]

    assert [rule.name for rule in rules.parse(dict.fromkeys(names, "h1"))] == names


def test_rules_cannot_be_changed():
    parsed = rules.parse({"f": "h1"})

    with pytest.raises(AttributeError):
        parsed[0].name = "g"


@pytest.mark.parametrize(
    "hostile",
    [
        ":is(" * 499,
        "(" * 2_000,
        "[" * 2_000,
        ":not(" * 399,
        "a" + ">a" * 999,
        "//a" + "/b" * 990,
        "//a[" * 400,
        "((" * 900 + "1" + "))" * 90,
        "\\" * 2_000,
        '"' * 2_000,
        "/*" * 1_000,
        "@" * 2_000,
        "::text" * 300,
        "- " * 999 + "1",
        "a::attr(" * 200,
    ],
)
def test_a_hostile_selector_is_judged_like_any_other(hostile):
    fields = {str(n): hostile for n in range(200)}

    assert _judged(fields) == 200


def _judged(fields: dict[str, object]) -> int:
    try:
        return len(rules.parse(fields))
    except RulesError as error:
        return len(error.errors)


# -------------------------------------------------------------------- rules as objects


def mistakes(selectors):
    """Path and code of each mistake, `selectors.` left out."""
    with pytest.raises(RulesError) as caught:
        rules.parse(selectors)
    return [(error.path.removeprefix("selectors."), error.code) for error in caught.value.errors]


def rule(**keys):
    [parsed] = rules.parse({"f": {"selector": "a", **keys}})
    return parsed


def test_a_rule_as_an_object_reads_as_one_in_a_string():
    assert rules.parse({"f": {"selector": "a@href"}}) == rules.parse({"f": "a@href"})
    assert rules.parse({"f": {"selector": "a", "output": "@href"}}) == rules.parse({"f": "a@href"})
    assert rules.parse({"f": {"selector": "a", "type": "list"}}) == rules.parse({"f": ["a"]})
    assert rules.parse({"f": {"selector": ["a"], "selectorType": "auto"}}) == rules.parse({"f": "a"})


def test_each_key_is_read():
    parsed = rule(
        type="list", output="ownText", clean=False, pattern="(a)(?P<b>b)", group="b", transform=["lower", "join(,)"],
        cast="number", default=[0], limit=10,
    )  # fmt: skip

    assert (parsed.many, parsed.output, parsed.clean, parsed.cast) == (True, Output.OWN_TEXT, False, "number")
    assert (parsed.pattern.group, [step.name for step in parsed.transforms]) == (2, ["lower", "join"])
    assert (parsed.default, parsed.limit, parsed.required) == ([0], 10, False)


def test_a_source_names_a_meta_element():
    read = rules.parse({
        "a": {"source": "meta", "selector": " Description "},
        "b": {"source": "opengraph", "selector": ["title", "og:image", "product:price"]},
        "c": {"source": "jsonld", "path": "name"},
    })  # fmt: skip

    assert read[0].selectors == (Selector("meta", "description", "content"),)
    assert [each.text for each in read[1].selectors] == ["og:title", "og:image", "product:price"]
    assert (read[2].selectors, read[2].path.text, read.wants_jsonld) == ((), "name", True)


def test_nested_rules_are_rules():
    read = rules.parse({"a": {"selector": "b", "output": {"c": {"selector": "d", "output": {"e": "f@g"}}}}})

    assert read[0].output[0].output[0] == Rule("e", (Selector("css", "f", "g"),))
    assert read.path_of([0, 0, 0, 0]) == "selectors.a.output.c.output.e"


BAD_VALUES = [
    ("selector", 5, "invalid_type"),
    ("selector", [5], "invalid_type"),
    ("selector", {}, "invalid_type"),
    ("selector", [["a"]], "invalid_type"),
    ("selector", [], "invalid_selector"),
    ("selector", ["a"] * 21, "invalid_selector"),
    ("selector", "", "invalid_selector"),
    ("selector", "a[", "invalid_selector"),
    ("selectorType", "jquery", "invalid_choice"),
    ("selectorType", 5, "invalid_type"),
    ("type", "array", "invalid_choice"),
    ("type", ["list"], "invalid_type"),
    ("output", "markdown", "invalid_choice"),
    ("output", 5, "invalid_type"),
    ("output", ["text"], "invalid_type"),
    ("output", {}, "invalid"),
    ("output", "@", "invalid_selector"),
    ("output", "@a b", "invalid_selector"),
    ("clean", "true", "invalid_type"),
    ("clean", 1, "invalid_type"),
    ("pattern", 5, "invalid_type"),
    ("pattern", "", "invalid_pattern"),
    ("pattern", "(", "invalid_pattern"),
    ("pattern", "(?=a)", "invalid_pattern"),
    ("pattern", "a" * 1_001, "invalid_pattern"),
    ("transform", "shout", "invalid_transform"),
    ("transform", 5, "invalid_transform"),
    ("transform", ["lower"] * 21, "invalid_transform"),
    ("cast", "decimal", "invalid_choice"),
    ("cast", True, "invalid_type"),
    ("default", float("nan"), "invalid_type"),
    ("default", [float("inf")], "invalid_type"),
    ("default", 2**64, "invalid_type"),
    ("default", "\ud800", "invalid_type"),
    ("default", "x" * 65_536, "too_long"),
    ("required", 1, "invalid_type"),
    ("required", "yes", "invalid_type"),
    ("source", "html", "invalid_choice"),
    ("source", True, "invalid_type"),
    ("Selector", "a", "unknown_field"),
    ("attribute", "href", "unknown_field"),
]


@pytest.mark.parametrize(("key", "value", "code"), BAD_VALUES)
def test_a_bad_value_is_named_by_its_key(key, value, code):
    [(path, found)] = mistakes({"f": {"selector": "a", key: value}})

    assert (path.partition("[")[0], found) == (f"f.{key}", code)


@pytest.mark.parametrize("key", ["selector", "selectorType", "type", "output", "clean", "pattern", "transform", "cast",
                                 "required", "source", "group", "path", "limit"])  # fmt: skip
def test_null_is_no_value_of_a_key(key):
    assert mistakes({"f": {"selector": "a", key: None}}) == [(f"f.{key}", "invalid_type")]


def test_a_default_of_null_is_none():
    assert rule(default=None).default is None
    assert rule(default=None, required=True).required
    assert rule(default=None, output="exists").output is Output.EXISTS


@pytest.mark.parametrize("limit", [0, -1, 10_001, 2**70])
def test_a_limit_out_of_range_is_refused(limit):
    assert mistakes({"f": {"selector": "a", "type": "list", "limit": limit}}) == [("f.limit", "out_of_range")]


@pytest.mark.parametrize("limit", ["5", 5.0, True, [5]])
def test_a_limit_is_a_whole_number(limit):
    assert mistakes({"f": {"selector": "a", "type": "list", "limit": limit}}) == [("f.limit", "invalid_type")]


@pytest.mark.parametrize("limit", [1, 10_000])
def test_a_limit_may_be_at_the_border(limit):
    assert rule(type="list", limit=limit).limit == limit


COMBINATIONS = [
    ({"limit": 5}, ["limit"]),
    ({"group": 1}, ["group"]),
    ({"path": "name"}, ["path"]),
    ({"required": True, "default": 0}, ["default"]),
    ({"output": "exists", "default": False}, ["default"]),
    ({"output": "count", "required": True}, ["required"]),
    ({"output": "count", "type": "list"}, ["type"]),
    ({"output": "exists", "type": "list", "limit": 5}, ["type"]),
    ({"output": "count", "cast": "string"}, ["cast"]),
    ({"output": "table_json", "clean": True, "pattern": "a", "transform": "lower"}, ["clean", "pattern", "transform"]),
    ({"output": "table_array", "pattern": "a", "group": 0, "cast": "json"}, ["pattern", "group", "cast"]),
    ({"output": {"b": "c"}, "cast": "json", "transform": "first"}, ["transform", "cast"]),
    ({"source": "meta", "output": "html"}, ["output"]),
    ({"source": "meta", "selectorType": "css"}, ["selectorType"]),
    ({"source": "meta", "path": "a"}, ["path"]),
    ({"source": "jsonld", "path": "a"}, ["selector"]),
    (
        {"source": "jsonld", "path": "a", "selectorType": "css", "output": "text"},
        ["selector", "selectorType", "output"],
    ),
]


@pytest.mark.parametrize(("keys", "refused"), COMBINATIONS)
def test_what_does_not_go_together_is_refused(keys, refused):
    found = mistakes({"f": {"selector": "a", **keys}})

    assert found == [(f"f.{key}", "invalid_combination") for key in refused]


@pytest.mark.parametrize("output", ["@href", "html", "exists", "count", "table_json", {"x": "y"}])
def test_an_attribute_in_the_selector_leaves_nothing_else_to_read(output):
    assert mistakes({"f": {"selector": "a@href", "output": output}}) == [("f.selector", "invalid_selector")]
    assert rule(selector="a@href", output="text").selectors == (Selector("css", "a", "href"),)


OTHERS = [
    ({}, [("f.selector", "required")]),
    (
        {"selector": ["a", "b[", "c", "//d["]},
        [("f.selector[1]", "invalid_selector"), ("f.selector[3]", "invalid_selector")],
    ),
    ({"source": "jsonld"}, [("f.path", "required")]),
    ({"source": "jsonld", "path": ""}, [("f.path", "invalid_path")]),
    ({"source": "jsonld", "path": "a["}, [("f.path", "invalid_path")]),
    ({"source": "jsonld", "path": "foo(@)"}, [("f.path", "invalid_path")]),
    ({"source": "jsonld", "path": "a\x00"}, [("f.path", "invalid_path")]),
    ({"source": "jsonld", "path": "a" * 1_001}, [("f.path", "invalid_path")]),
    ({"source": "jsonld", "path": 5}, [("f.path", "invalid_type")]),
    ({"source": "meta"}, [("f.selector", "required")]),
    ({"source": "meta", "selector": " "}, [("f.selector", "invalid_selector")]),
    ({"source": "meta", "selector": "x" * 101}, [("f.selector", "invalid_selector")]),
    ({"selector": "a", "pattern": "a", "group": 1}, [("f.pattern", "invalid_pattern")]),
    ({"selector": "a", "pattern": "a", "group": "x"}, [("f.pattern", "invalid_pattern")]),
    ({"selector": "a", "pattern": "a", "group": True}, [("f.group", "invalid_type")]),
    ({"selector": "a", "pattern": "a", "group": 1.0}, [("f.group", "invalid_type")]),
]


@pytest.mark.parametrize(("given", "found"), OTHERS)
def test_a_bad_object_is_named(given, found):
    assert mistakes({"f": given}) == found


def test_all_mistakes_are_told_at_once():
    bad = {"selector": "a[", "typ": "list", "cast": "x", "clean": 1, "output": {"b": {"selector": "c["}, "d": 5}}

    assert mistakes({"good": "a", "bad": bad, "other": ["a", "b"]}) == [
        ("bad.typ", "unknown_field"),
        ("bad.output.b.selector", "invalid_selector"),
        ("bad.output.d", "invalid_selector"),
        ("bad.selector", "invalid_selector"),
        ("bad.clean", "invalid_type"),
        ("bad.cast", "invalid_choice"),
        ("other", "invalid_selector"),
    ]


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(RulesError, match="Did you mean selector"):
        rules.parse({"f": {"selectr": "a"}})


def nested(depth):
    return {"f": "a"} if depth == 1 else {"f": {"selector": "a", "output": nested(depth - 1)}}


def test_rules_nest_five_levels_deep():
    assert rules.parse(nested(5))
    assert mistakes(nested(6)) == [(".".join(["f", *["output.f"] * 4, "output"]), "too_deep")]
    assert mistakes(nested(150))[0][1] == "too_deep"


def test_nested_fields_count_as_well():
    half = {"f": {"selector": "a", "output": {str(n): "a" for n in range(99)}}}

    assert rules.parse(half | {"g": half["f"]})
    assert mistakes(half | {"g": half["f"], "h": "a"}) == [("selectors", "too_many")]


def test_fields_that_multiply_are_counted_before_they_are_read():
    level = "a"
    for _ in range(4):
        level = {"selector": "a", "output": dict.fromkeys(map(str, range(200)), level)}

    assert ("selectors", "too_many") in mistakes({"f": level})


def test_200_fields_have_20_alternatives_each():
    alternatives = {str(n): {"selector": [f".c{n} > a:nth-child({k})@href" for k in range(20)]} for n in range(200)}

    assert sum(len(each.selectors) for each in rules.parse(alternatives)) == 4_000


def test_all_selectors_together_are_bounded():
    longest = {str(n): "a" * 2_000 for n in range(200)}

    assert rules.parse(longest)
    assert mistakes({**longest, "0": {"selector": ["a" * 2_000, "b"]}}) == [("selectors", "too_long")]


def test_all_patterns_together_are_bounded():
    longest = {str(n): {"selector": "a", "pattern": "a" * 1_000} for n in range(20)}

    assert rules.parse(longest)
    assert mistakes({**longest, "b": {"selector": "a", "pattern": "b"}}) == [("selectors", "too_long")]


SLOW = [
    "a::attr(" + " " * 1_900 + "x",
    "a" + "::attr( " * 240,
    "//a[" + "1" * 1_900 + "]",
    "=&" * 1_000,
    "[a=b" + "=" * 1_900,
]
"""What takes a regular expression that goes back the square or the cube of its length."""


def test_no_selector_keeps_the_check_busy():
    """Seconds are allowed for what takes milliseconds, and took from half a minute to half an hour."""
    selectors = {str(n): SLOW[n % len(SLOW)] for n in range(200)}
    program = "import sys, json; from scraping import rules; rules.parse(json.load(sys.stdin))"

    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(selectors),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (8, 8)),
        check=False,
    )

    assert "RulesError" in ran.stderr


@pytest.mark.parametrize(
    "hostile",
    [
        {f"k{n}": n for n in range(10_000)},
        {f"k{n}": None for n in range(10_000)},
        {"k" * 1_000_000: 1},
        {"selector": "a" * 1_000_000},
        {"selector": ["a"] * 100_000},
        {"transform": "x" * 1_000_000},
        {"pattern": "(" * 1_000_000},
        {"group": "x" * 1_000_000, "pattern": "a"},
        {"source": "jsonld", "path": "(" * 1_000},
        {"source": "jsonld", "path": "[" * 1_000},
        {"default": [[[[None] * 10] * 10] * 10] * 100},
    ],
)
def test_a_hostile_object_is_refused_in_few_words(hostile):
    with pytest.raises(RulesError) as caught:
        rules.parse({str(n): {"selector": "a", **hostile} for n in range(50)})

    assert len(caught.value.errors) <= 1_000
    assert all(len(error.path) < 300 and len(error.message) < 1_000 for error in caught.value.errors)


def test_a_default_too_deep_for_json_is_refused():
    deep = []
    for _ in range(5_000):
        deep = [deep]

    assert mistakes({"f": {"selector": "a", "default": deep}}) == [("f.default", "invalid_type")]
