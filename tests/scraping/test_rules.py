"""The extraction grammar in string form, checked without a browser."""

import pytest

from scraping import rules
from scraping.errors import RulesError
from scraping.rules import Rule

READ = [
    ("h1", Rule("f", "css", "h1")),
    ("  h1  ", Rule("f", "css", "h1")),
    ("h1::text", Rule("f", "css", "h1")),
    ("a@href", Rule("f", "css", "a", "href")),
    ("a @href", Rule("f", "css", "a", "href")),
    ("a@data-id", Rule("f", "css", "a", "data-id")),
    ("a@xlink:href", Rule("f", "css", "a", "xlink:href")),
    ("a::attr(href)", Rule("f", "css", "a", "href")),
    ("a::attr( data-id )", Rule("f", "css", "a", "data-id")),
    ("a[title='x@y']", Rule("f", "css", "a[title='x@y']")),
    ("a[title='x@y']@href", Rule("f", "css", "a[title='x@y']", "href")),
    ('a[title="it\\"s@"]@href', Rule("f", "css", 'a[title="it\\"s@"]', "href")),
    ("a[title='>> text=']", Rule("f", "css", "a[title='>> text=']")),
    (".sm\\:w\\@lg", Rule("f", "css", ".sm\\:w\\@lg")),
    (".sm\\@lg@id", Rule("f", "css", ".sm\\@lg", "id")),
    ("a:not([x='@'])@y", Rule("f", "css", "a:not([x='@'])", "y")),
    ("//h1", Rule("f", "xpath", "//h1")),
    ("./h1", Rule("f", "xpath", "./h1")),
    ("(//h1)[1]", Rule("f", "xpath", "(//h1)[1]")),
    ("//a/@href", Rule("f", "xpath", "//a/@href")),
    ("xpath=count(//a)", Rule("f", "xpath", "count(//a)")),
    ("xpath= id('x')", Rule("f", "xpath", "id('x')")),
    (["h1"], Rule("f", "css", "h1", many=True)),
    (["a@href"], Rule("f", "css", "a", "href", many=True)),
    (["//a"], Rule("f", "xpath", "//a", many=True)),
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

    assert rules.parse({"f": longest})[0].selector == longest


def test_every_bad_field_is_named_and_none_of_the_good_ones():
    with pytest.raises(RulesError) as caught:
        rules.parse({"a": "h1", "b": "h1[", "c": {"selector": "h1"}, "d": "//h1", "e": "a@"})

    assert [(error.path, error.code) for error in caught.value.errors] == [
        ("selectors.b", "invalid_selector"),
        ("selectors.c", "unsupported_option"),
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
        parsed[0].selector = "h2"


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
