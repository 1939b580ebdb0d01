"""From made-up readings to values: what becomes of a field, and how it is told."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraping import rules
from scraping.errors import RequiredFieldMissing
from scraping.rules import Page, evaluate
from scraping.rules.structured import parse_path, read_jsonld

KIB = 1024


def reading(value=None, matches=None, alternative=0, cut=0):
    if matches is None:
        matches = len(value) if isinstance(value, list) else int(value is not None)
    found = alternative if matches else None
    return {"value": value, "matches": matches, "alternative": found, "cut": cut, "elements": []}


def page(**overrides):
    given = {
        "base_url": "https://shop.example/a/",
        "locale": None,
        "max_value_bytes": 64 * KIB,
        "max_html_bytes": KIB * KIB,
        **overrides,
    }
    return Page(**given)


def worked_out(rule, found, **overrides):
    """The value of one field and its report."""
    extraction = evaluate(rules.parse({"f": rule}), [found], page(**overrides))
    return extraction.data["f"], extraction.reports["f"]


def asked(path, *objects, **keys):
    rule = {"source": "jsonld", "path": path, **keys}
    return worked_out(rule, reading(), jsonld=list(objects))


# -------------------------------------------------------------------- what became of a field

STATUSES = [
    ("h1", reading("x"), "x", "found"),
    ("h1", reading(""), "", "found"),
    ("h1", reading(), None, "no_match"),
    ("h1@x", reading(None, matches=1), None, "no_value"),
    (["h1"], reading([]), [], "no_match"),
    (["h1@x"], reading([], matches=3), [], "no_value"),
    ("xpath=count(//a)", reading(0, matches=1), 0, "found"),
    ("xpath=true()", reading(False, matches=1), False, "found"),
    ({"selector": "a", "output": "exists"}, reading(False, matches=0), False, "found"),
    ({"selector": "a", "output": "count"}, reading(0, matches=0), 0, "found"),
    ({"selector": "a", "pattern": r"\d"}, reading("x"), None, "pattern_failed"),
    ({"selector": "a", "pattern": r"\d"}, reading("x1"), "1", "found"),
    ({"selector": "a", "pattern": r"\d"}, reading(15), "1", "found"),
    ({"selector": "a", "pattern": "t"}, reading(True), "t", "found"),
    ({"selector": "a", "type": "list", "pattern": r"\d"}, reading(["x", "1"]), ["1"], "found"),
    ({"selector": "a", "type": "list", "pattern": r"\d"}, reading(["x", "y"]), [], "pattern_failed"),
    ({"selector": "a", "transform": "number"}, reading("x"), None, "transform_failed"),
    ({"selector": "a", "transform": "absoluteUrl"}, reading(" "), None, "transform_failed"),
    ({"selector": "a", "type": "list", "transform": "number"}, reading(["x", "5"]), ["5"], "found"),
    ({"selector": "a", "type": "list", "transform": "join(,)"}, reading(["x", "y"]), "x,y", "found"),
    ({"selector": "a", "type": "list", "transform": "first"}, reading([], matches=0), None, "no_match"),
    ({"selector": "a", "transform": "split(,)"}, reading("x,y"), ["x", "y"], "found"),
    ({"selector": "a", "transform": "split(,)"}, reading(), [], "no_match"),
    ({"selector": "a", "type": "list", "transform": ["join(,)", "split(,)"]}, reading([]), [], "no_match"),
    ({"selector": "a", "type": "list", "pattern": "z", "transform": "first"}, reading(["x"]), None, "pattern_failed"),
    ({"selector": "a", "cast": "number"}, reading("x"), None, "cast_failed"),
    ({"selector": "a", "cast": "number"}, reading("5"), 5, "found"),
    ({"selector": "a", "cast": "json"}, reading("null"), None, "cast_failed"),
    ({"selector": "a", "output": "table_json"}, reading([], matches=1), [], "found"),
    ({"selector": "a", "output": "table_json"}, reading(None, matches=1), None, "no_value"),
    ({"selector": "a", "output": "table_array", "type": "list"}, reading([[], [["x"]]]), [[], [["x"]]], "found"),
    ({"selector": "a", "output": {"b": "i"}}, reading([reading("x")], matches=1), {"b": "x"}, "found"),
    ({"selector": "a", "output": {"b": "i"}}, reading(), None, "no_match"),
    ({"selector": "a", "output": {"b": "i"}}, reading(None, matches=1), None, "no_value"),
    ({"selector": "a", "type": "list", "output": {"b": "i"}}, reading([]), [], "no_match"),
]


@pytest.mark.parametrize(("rule", "found", "value", "status"), STATUSES)
def test_a_field_has_a_value_and_a_status(rule, found, value, status):
    assert (worked_out(rule, found)[0], worked_out(rule, found)[1].status) == (value, status)


def test_values_that_fit_nothing_are_counted():
    rule = {"selector": "a", "type": "list", "pattern": r"\d+", "transform": "number", "cast": "integer"}

    value, report = worked_out(rule, reading(["x", "1", "y", "99999999999999999999"]))

    assert (value, report.dropped, report.matches) == ([1], 3, 4)


REASONS = [
    (
        {"cast": "price"},
        "$1,299",
        "'$1,299' is no price: 1,299 is ambiguous: thousands or decimals; a locale would tell.",
    ),
    ({"cast": "date"}, "yesterday", "'yesterday' is no date: it is not a date that can be read without guessing."),
    ({"cast": "number"}, "1" * 2_000, "'" + "1" * 60 + "…' is no number: it does not fit into 64 bits."),
    ({"pattern": "[0-9]"}, "abc", "'abc' does not fit the pattern."),
    ({"transform": "number"}, "abc", "Nothing is left of it after the transforms."),
    ({"transform": "upper"}, "abc", None),
    ({}, None, None),
]


@pytest.mark.parametrize(("keys", "found", "reason"), REASONS)
def test_a_value_that_fits_nothing_is_explained(keys, found, reason):
    assert worked_out({"selector": "a", **keys}, reading(found))[1].shown()["reason"] == reason


def test_of_several_values_the_first_that_fits_nothing_is_explained():
    rule = {"selector": "a", "type": "list", "cast": "integer"}

    _, report = worked_out(rule, reading(["1", "x", "y"]))

    assert report.reason == "'x' is no integer: there is no number in it."


def test_the_alternative_that_matched_is_told():
    assert worked_out({"selector": ["h1", "h2"]}, reading("x", alternative=1))[1].alternative == 1
    assert worked_out({"selector": ["h1", "h2"]}, reading())[1].alternative is None


def test_a_required_field_that_cannot_be_cast_says_why():
    with pytest.raises(
        RequiredFieldMissing, match=r"could not be cast: 'soon' is no date: it is not a date that .*guessing\.$"
    ):
        worked_out({"selector": "a", "cast": "date", "required": True}, reading("soon"))


def test_nested_rows_are_counted_together():
    nested = {"cards": {"selector": "a", "type": "list", "output": {"n": {"selector": "b", "cast": "integer"}}}}
    rows = [[reading("1")], [reading()], [reading("x", cut=1)], [reading(None, matches=1)]]

    extraction = evaluate(rules.parse(nested), [reading(rows)], page())

    report = extraction.reports["cards.n"]
    assert extraction.data == {"cards": [{"n": 1}, {"n": None}, {"n": None}, {"n": None}]}
    assert (report.status, report.matches, report.dropped, report.cut, report.missing) == ("found", 3, 1, 1, 3)


def test_every_field_has_a_report_in_the_rules_order():
    nested = {
        "z": {"selector": "a", "type": "list", "output": {"y": "b", "x": {"selector": "c", "output": {"w": "d"}}}}
    }

    extraction = evaluate(rules.parse({**nested, "a": "h1"}), [reading([]), reading("t")], page())

    assert list(extraction.reports) == ["z", "z.y", "z.x", "z.x.w", "a"]
    assert extraction.reports["z.x.w"].status == "no_match"


# -------------------------------------------------------------------- what stands in, and what must be there


@pytest.mark.parametrize("default", [0, "", False, [], {}, "x", 1.5, {"a": None}])
@pytest.mark.parametrize("many", [False, True])
def test_a_default_stands_in_also_one_that_counts_as_nothing(default, many):
    rule = {"selector": "a", "type": "list" if many else "item", "cast": "number", "default": default}

    missing, report = worked_out(rule, reading([] if many else None))
    failed, _ = worked_out(rule, reading(["x"] if many else "x"))

    assert (missing, failed, report.status) == (default, default, "no_match")
    assert type(missing) is type(default)


def test_a_default_of_null_is_none():
    assert worked_out({"selector": "a", "default": None}, reading())[0] is None
    assert worked_out({"selector": "a", "type": "list", "default": None}, reading([]))[0] == []


WHY = [
    ({"selector": "a"}, reading(), "nothing on the page matches it"),
    ({"selector": "a@x"}, reading(None, matches=1), "what matches it has no value"),
    ({"selector": "a", "pattern": "z"}, reading("x"), "does not fit its pattern"),
    ({"selector": "a", "transform": "number"}, reading("x"), "its transforms made nothing"),
    ({"selector": "a", "cast": "date"}, reading("x"), "could not be cast"),
]


@pytest.mark.parametrize(("rule", "found", "why"), WHY)
def test_a_required_field_that_is_missing_is_named_with_the_reason(rule, found, why):
    with pytest.raises(RequiredFieldMissing, match=why) as caught:
        worked_out({**rule, "required": True}, found)

    assert caught.value.field == "f"


@pytest.mark.parametrize(("found", "value"), [(reading(""), ""), (reading(0), 0), (reading(False), False)])
def test_a_required_field_may_be_blank_or_naught(found, value):
    assert worked_out({"selector": "a", "required": True}, found)[0] == value


def test_a_required_field_of_nested_rules_is_named_by_its_path():
    nested = {"cards": {"selector": "a", "type": "list", "output": {"n": {"selector": "b", "required": True}}}}

    with pytest.raises(RequiredFieldMissing, match=r"^cards\.n is required") as caught:
        evaluate(rules.parse(nested), [reading([[reading("x")], [reading()]])], page())

    assert caught.value.field == "cards.n"
    assert evaluate(rules.parse(nested), [reading([])], page()).data == {"cards": []}


# -------------------------------------------------------------------- sizes


@pytest.mark.parametrize(("length", "kept", "cut"), [(99, 99, 0), (100, 100, 0), (101, 100, 1)])
def test_a_value_that_transforms_make_longer_is_cut_and_marked(length, kept, cut):
    rule = {"selector": "a", "transform": f"replace(x, {'y' * length})"}

    value, report = worked_out(rule, reading("x"), max_value_bytes=100)

    assert (len(value), report.cut, report.status) == (kept, cut, "found")


def test_a_value_is_cut_between_characters():
    assert worked_out("a", reading("aéé"), max_value_bytes=4)[0] == "aé"


def test_html_has_a_budget_of_its_own():
    rule = {"selector": "a", "output": "html"}

    assert len(worked_out(rule, reading("x" * 200), max_value_bytes=100, max_html_bytes=150)[0]) == 150


def test_all_values_of_a_page_share_a_budget():
    grown = {"selector": "a", "transform": f"replace(x, {'y' * 100})"}

    extraction = evaluate(
        rules.parse({"a": grown, "b": grown, "c": grown}), [reading("x")] * 3, page(max_data_bytes=150)
    )

    assert [len(value) for value in extraction.data.values()] == [100, 50, 0]
    assert [report.cut for report in extraction.reports.values()] == [0, 1, 1]


def test_a_default_in_many_rows_is_bounded_too():
    nested = {"cards": {"selector": "a", "type": "list", "output": {"n": {"selector": "b", "default": "y" * KIB}}}}

    extraction = evaluate(rules.parse(nested), [reading([[reading()]] * 1_000)], page(max_data_bytes=10 * KIB))

    assert sum(len(row["n"]) for row in extraction.data["cards"]) == 10 * KIB
    assert extraction.reports["cards.n"].cut == 990


def test_what_grows_beyond_all_bounds_is_missing():
    rule = {"selector": "a", "transform": [f"replace(x, {'x' * 200})"] * 4}

    value, report = worked_out(rule, reading("x"))

    assert (value, report.status, report.dropped) == (None, "transform_failed", 1)


def test_a_pattern_sees_the_beginning_of_a_value():
    rule = {"selector": "a", "output": "html", "pattern": "z"}
    most = 256 * KIB

    assert worked_out(rule, reading("x" * (most - 1) + "z"))[0] == "z"
    assert worked_out(rule, reading("x" * most + "z"))[1].status == "pattern_failed"


def test_a_whole_number_beyond_64_bits_becomes_a_float():
    assert worked_out("xpath=1", reading(10**20))[0] == 1e20
    assert isinstance(worked_out("xpath=1", reading(10**20))[0], float)


# -------------------------------------------------------------------- JSON-LD

PRODUCT = {
    "@type": "Product",
    "name": "Chair",
    "price": 12.5,
    "count": 3,
    "on": True,
    "none": None,
    "tags": ["a", "b"],
    "offer": {"price": "9"},
    "when": "2024-01-15",
    "url": "/x",
    "huge": 10**30,
    "text": "5",
    "mixed": [1, "x", None],
}
CASTS = [
    ("name", "string", "Chair"),
    ("price", "string", "12.5"),
    ("on", "string", "true"),
    ("offer", "string", '{"price":"9"}'),
    ("price", "number", 12.5),
    ("count", "integer", 3),
    ("price", "integer", None),
    ("on", "number", None),
    ("on", "boolean", True),
    ("count", "boolean", None),
    ("price", "price", {"amount": "12.5", "currency": None}),
    ("offer", "number", None),
    ("offer", "json", {"price": "9"}),
    ("text", "json", 5),
    ("when", "date", "2024-01-15"),
    ("url", "url", "https://shop.example/x"),
    ("offer.price", "integer", 9),
    ("tags", "string", "a"),
    ("name", "date", None),
]


@pytest.mark.parametrize(("path", "to", "value"), CASTS)
def test_json_ld_of_any_type_is_cast(path, to, value):
    assert asked(path, PRODUCT, cast=to)[0] == value


def test_json_ld_is_given_as_it_is():
    for name in ("name", "price", "count", "on", "offer", "when"):
        assert asked(name, PRODUCT)[0] == PRODUCT[name]
    assert asked("none", PRODUCT) == (None, asked("nothing", PRODUCT)[1])
    assert asked("huge", PRODUCT)[0] == 1e30
    assert asked("mixed", PRODUCT, type="list")[0] == [1, "x"]


def test_of_json_ld_only_lists_are_cut_by_their_limit():
    objects = [{"n": n} for n in range(1_500)]

    assert asked("n", *objects)[1].cut == 0
    assert (asked("n", *objects)[0], asked("n", *objects)[1].matches) == (0, 1_500)
    assert asked("n", *objects, type="list")[1].cut == 1
    assert len(asked("n", *objects, type="list", limit=3)[0]) == 3


def test_json_ld_counts_to_the_budgets():
    text, report = worked_out(
        {"source": "jsonld", "path": "a"}, reading(), jsonld=[{"a": "x" * 200}], max_value_bytes=100
    )
    assert (len(text), report.cut) == (100, 1)

    data, report = worked_out(
        {"source": "jsonld", "path": "@"}, reading(), jsonld=[{"a": "x" * 200}], max_value_bytes=100
    )
    assert (data, report.cut, report.status) == (None, 1, "no_value")


def test_json_ld_in_nested_rules_is_asked_once():
    nested = {"cards": {"selector": "a", "type": "list", "output": {"n": {"source": "jsonld", "path": "n"}}}}
    rows = [[reading()] for _ in range(10_000)]

    extraction = evaluate(rules.parse(nested), [reading(rows)], page(jsonld=[{"n": n} for n in range(1_000)]))

    assert extraction.data["cards"] == [{"n": 0}] * 10_000


@pytest.mark.parametrize(
    "path",
    ["&name", "[&a, &b]", "to_number('1e400')", "avg(`[]`)", "tags[::0]", "ceil(to_number('nan'))", "sort(mixed)"],
)
def test_what_is_not_json_is_no_value(path):
    value, report = asked(path, PRODUCT)

    assert (value, report.status in ("no_value", "no_match")) == (None, True)


@pytest.mark.parametrize("path", ["[@,@]|" * 100 + "@", "[@,@]|[]|" * 60 + "@", "to_string(" * 60 + "@" + ")" * 60])
def test_a_path_that_multiplies_what_it_is_given_is_refused(path):
    with pytest.raises(ValueError, match="repeats its parts too often"):
        parse_path(path)


def test_a_path_that_takes_too_many_steps_finds_nothing():
    rule = {"source": "jsonld", "path": "[?" + " || ".join(f"a == 'x{n}'" for n in range(60)) + "]"}

    value, report = worked_out(rule, reading(), jsonld=[{"a": "y"}] * 100_000)

    assert (value, report.status) == (None, "no_match")


def test_joining_with_a_large_glue_finds_nothing():
    assert asked("join(glue, list)", {"glue": "x" * 100_000, "list": ["a"] * 1_000})[0] is None
    assert asked("join('-', list)", {"list": ["a", "b"]})[0] == "a-b"


SCRIPTS = [
    ('{"a": 1}', [{"a": 1}]),
    ('[{"a": 1}, {"b": 2}]', [{"a": 1}, {"b": 2}]),
    ('{"@graph": [{"a": 1}, [{"b": 2}]]}', [{"a": 1}, {"b": 2}]),
    ('{"@graph": {"a": 1}}', [{"a": 1}]),
    ('{"@graph": "x"}', [{"@graph": "x"}]),
    ("", []),
    ("null", []),
    ("{bad}", []),
    ('{"a": NaN}', []),
    ('<!-- {"a": 1} -->', [{"a": 1}]),
    ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}]),
    ('/*<![CDATA[*/{"a": 1}/*]]>*/', [{"a": 1}]),
    ('<![CDATA[{"a": 1}]]>', [{"a": 1}]),
    ('{"a": 1};', [{"a": 1}]),
    ('{"a": "x\ny"}', [{"a": "x\ny"}]),
    ("{&quot;a&quot;: &quot;&lt;&quot;}", [{"a": "<"}]),
    ('{"a": "&quot;"}', [{"a": "&quot;"}]),
    ("[" * 1_000 + "]" * 1_000, None),
    ("[" * 100_000, []),
    ('{"a":' * 5_000 + "1" + "}" * 5_000, []),
    (" " * 1_000_000 + "x", []),
    (("//" + " " * 50) * 10_000, []),
]


@pytest.mark.parametrize(("script", "objects"), SCRIPTS)
def test_json_ld_is_read_as_sites_write_it(script, objects):
    found = read_jsonld(["{}", script, '{"last": 1}'])

    assert (found[0], found[-1]) == ({}, {"last": 1})
    assert objects is None or found[1:-1] == objects


# -------------------------------------------------------------------- anything at all

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["5", "$1,299.00", "2024-01-15", "true", "/x", '{"a": [1]}', "x" * 300, "NaN", "1e999", "\u0661"]
)
SMALL = TEXT | st.integers(-(2**63), 2**63 - 1) | st.booleans()
LEAVES = TEXT | st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
JSON = st.recursive(
    st.none() | LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
STEPS = ["lower", "digits", "number", "first", "last", "unique", "join(,)", "split(,)", "replace(x, yy)", "absoluteUrl"]
WORKED = {
    "pattern": st.sampled_from([r"\d+", "(x)?", ".*", "z"]),
    "transform": st.lists(st.sampled_from(STEPS), max_size=4),
    "cast": st.sampled_from(["string", "integer", "number", "boolean", "date", "url", "json", "price"]),
    "clean": st.booleans(),
}
MISSING: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.fixed_dictionaries({}),
    st.fixed_dictionaries({"default": SMALL | st.lists(SMALL, max_size=2)}),
    st.just({"required": True}),
)


@st.composite
def fields(draw, depth=2):
    """A rule and a reading of it, both of the right shape."""
    many = draw(st.booleans())
    rule = {"selector": "a", "type": "list" if many else "item", **draw(MISSING)}
    kind = draw(st.sampled_from(["text", "text", "jsonld", "table", "nested"] if depth else ["text", "jsonld"]))
    if kind == "nested":
        inner = [draw(fields(depth=depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        rule["output"] = {str(n): each for n, (each, _) in enumerate(inner)}
        row = [found for _, found in inner]
        return rule, reading([row] * draw(st.integers(0, 3)) if many else draw(st.sampled_from([row, None])), matches=1)
    if kind == "table":
        rule["output"] = draw(st.sampled_from(["table_json", "table_array"]))
        value = st.lists(st.lists(TEXT, max_size=3), max_size=3)
    else:
        rule |= draw(st.fixed_dictionaries({}, optional=WORKED))
        value = LEAVES
        if kind == "jsonld":
            del rule["selector"]
            paths = ["a", "@", "b[]", "[]", "{x: a}", "length(@)", "*", "&a", "[?a]"]
            rule |= {"source": "jsonld", "path": draw(st.sampled_from(paths))}
    found = draw(st.lists(value, max_size=3) if many else st.none() | value)
    return rule, reading(found, matches=draw(st.integers(0, 3)), cut=draw(st.integers(0, 2)))


@settings(max_examples=150, deadline=None)
@given(st.lists(fields(), min_size=1, max_size=4), st.lists(JSON, max_size=3), st.sampled_from([0, 10, 200, 2**20]))
def test_any_readings_give_json_or_miss_a_required_field(given_fields, objects, most):
    parsed = rules.parse({str(n): rule for n, (rule, _) in enumerate(given_fields)})

    try:
        extraction = evaluate(
            parsed, [found for _, found in given_fields], page(jsonld=objects, max_value_bytes=100, max_data_bytes=most)
        )
    except RequiredFieldMissing:
        return

    assert list(extraction.data) == [rule.name for rule in parsed]
    assert orjson.dumps(extraction.data)
