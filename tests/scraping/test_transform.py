"""The steps a value passes on its way from the page to the data."""

# ruff: noqa: RUF001  (the signs that sites print look like others)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.rules.transform import ARGUMENTS, MAX_TEXT_CHARS, Transform, apply, parse

PAGE = "https://shop.example/a/b"


def done(transforms, value, locale=None):
    return apply(parse(transforms), value, base_url=PAGE, locale=locale)


READ = [
    ("lower", Transform("lower")),
    (" absoluteUrl ", Transform("absoluteUrl")),
    ("join()", Transform("join", ("",))),
    ("join(x)", Transform("join", ("x",))),
    ("join(, )", Transform("join", (", ",))),
    ("join( | )", Transform("join", (" | ",))),
    ('join(", ")', Transform("join", (", ",))),
    ("join( ', ' )", Transform("join", (", ",))),
    ('join("")', Transform("join", ("",))),
    ("join(\\n)", Transform("join", ("\n",))),
    ("join(\n)", Transform("join", ("\n",))),
    ("join(a,b)", Transform("join", ("a,b",))),
    ("split(|)", Transform("split", ("|",))),
    ("split( )", Transform("split", (" ",))),
    ("split(,)", Transform("split", (",",))),
    ("split(())", Transform("split", ("()",))),
    ("split(\\t)", Transform("split", ("\t",))),
    ("split(\\')", Transform("split", ("'",))),
    ("split(it's)", Transform("split", ("it's",))),
    ("split(\\d)", Transform("split", ("\\d",))),
    ("split(\\\\n)", Transform("split", ("\\n",))),
    ("split(\\)", Transform("split", ("\\",))),
    ("replace(a,b)", Transform("replace", ("a", "b"))),
    ("replace( EUR , € )", Transform("replace", ("EUR", "€"))),
    ('replace("a,b","")', Transform("replace", ("a,b", ""))),
    ("replace('a,b', \"c)d\")", Transform("replace", ("a,b", "c)d"))),
    ("replace(a,)", Transform("replace", ("a", ""))),
    ("replace(\\,,.)", Transform("replace", (",", "."))),
    ('replace(",", ".")', Transform("replace", (",", "."))),
    ("replace((,[)", Transform("replace", ("(", "["))),
    ('replace(" ", _)', Transform("replace", (" ", "_"))),
    ("replace('it\\'s', x)", Transform("replace", ("it's", "x"))),
    ("replace(a b, c d)", Transform("replace", ("a b", "c d"))),
    ('replace(5" disk, x)', Transform("replace", ('5" disk', "x"))),
]

REFUSED = [
    ("lowre", "no transform 'lowre'; did you mean lower?"),
    ("Lower", "did you mean lower?"),
    ("absolute_url", "did you mean absoluteUrl?"),
    ("uniq", "did you mean unique?"),
    ("lower strip", "no transform 'lower strip'"),
    ("", "there are lower, upper"),
    ("quux", "there are lower, upper"),
    (["strip", "quux(1)"], "no transform 'quux'"),
    ("lower()", "lower takes no argument; write lower"),
    ("first(2)", "first takes no argument"),
    ("join", 'join takes an argument: join(", ")'),
    ("split", "split takes an argument: split(|)"),
    ("split()", "split needs to know what to look for"),
    ("split('')", "split needs to know what to look for"),
    ("replace(,b)", "replace needs to know what to look for"),
    ("replace", "replace takes an argument: replace(a, b)"),
    ("replace(a)", "two arguments, not 1"),
    ("replace(a,b,c)", "two arguments, not 3: replace(a, b). A comma that belongs to one stands in quotes"),
    ("replace(,,.)", "two arguments, not 3"),
    ("join (x)", "nothing before its bracket"),
    ("join(x", "nothing before its bracket"),
    ("join(x)y", "nothing before its bracket"),
    ("split(')", "A quote in split is never closed"),
    ('replace(",x)', "A quote in replace is never closed"),
    ("replace('a' b, c)", "or something follows it"),
    (f"join({'x' * 201})", "at most 200 characters"),
    (f"replace({',' * 1_000})", "at most 1,000 are allowed"),
    (["lower"] * 21, "21 transforms; at most 20"),
    (5, "A transform is a string"),
    ([5], "A transform is a string"),
    ([["lower"]], "A transform is a string"),
    (None, "A transform is a string"),
    ({"lower": 1}, "A transform is a string"),
]

DONE = [
    ("lower", "ÀB c", "àb c"),
    ("upper", "straße", "STRASSE"),
    ("strip", " \u00a0a b\n", "a b"),
    ("digits", "+1 (555) ١٢-3", "1555123"),
    ("digits", "none", ""),
    ("digits", "m² １", "1"),
    ("number", "$1,299.00", "1299.00"),
    ("number", "1.299,00 €", "1299.00"),
    ("number", "4.5 out of 5", "4.5"),
    ("number", "none", None),
    ("number", "1.299", None),
    ("number", "1/2", None),
    ("number", ["1 x", "y", None], ["1", None, None]),
    ("replace(a,b)", "banana", "bbnbnb"),
    ("replace(a,)", ["banana", None], ["bnn", None]),
    ("absoluteUrl", "../x", "https://shop.example/x"),
    ("absoluteUrl", "mailto:a@b.example", "mailto:a@b.example"),
    ("absoluteUrl", ["//c.example", "http://a b", " "], ["https://c.example/", None, None]),
    ("split(,)", "a, b,", ["a", " b", ""]),
    ("split(,)", ["a,b", None, "c"], ["a", "b", "c"]),
    (["split(,)", "strip", "join(+)"], "a, b", "a+b"),
    (["split(/)", "last"], "a/b/c", "c"),
    ("first", ["a", "b"], "a"),
    ("last", ["a", "b"], "b"),
    ("first", [], None),
    ("last", [], None),
    ("first", "abc", "abc"),
    ("last", "abc", "abc"),
    ("unique", ["b", "a", "b", None, "a", None], ["b", "a", None]),
    ("unique", "abc", "abc"),
    ("unique", [{"a": 1}, {"a": 1}], [{"a": 1}]),
    ("join(, )", ["a", None, "b"], "a, b"),
    ("join(, )", [], ""),
    ("join(, )", "abc", "abc"),
    ("lower", 5, "5"),
    ("upper", True, "TRUE"),
    ("join(-)", [1, 2.5], "1-2.5"),
    ("lower", ["A", None, "B"], ["a", None, "b"]),
    (["strip", "lower", "upper"], " a ", "A"),
    ([], " a ", " a "),
]


@pytest.mark.parametrize(("text", "transform"), READ)
def test_a_transform_is_read(text, transform):
    assert parse(text) == (transform,)
    assert parse([text]) == (transform,)


@pytest.mark.parametrize(("given_", "sentence"), REFUSED)
def test_a_bad_transform_is_refused_by_name(given_, sentence):
    with pytest.raises(ValueError, match=r"^[A-Z].*[.?]$") as refusal:
        parse(given_)

    assert sentence in str(refusal.value)


@pytest.mark.parametrize(("transforms", "value", "result"), DONE)
def test_transforms_are_done_in_their_order(transforms, value, result):
    assert done(transforms, value) == result


@pytest.mark.parametrize("name", ARGUMENTS)
def test_nothing_stays_nothing(name):
    transform = Transform(name, ("x", "y")[: ARGUMENTS[name]])

    assert apply([transform], None, base_url=PAGE) is None


def test_a_locale_settles_what_number_reads():
    assert done("number", "1.299", "de-DE") == "1299"
    assert done("number", "1.299", "en-US") == "1.299"


def test_text_cannot_grow_without_end():
    doubling = ["replace(a,aaaaaaaaaaaaaaaa)"] * 20

    with pytest.raises(ValueError, match="over 1,048,576 characters"):
        done(doubling, "a")
    with pytest.raises(ValueError, match="over 1,048,576 characters"):
        done(doubling, ["a"] * 1_000)
    with pytest.raises(ValueError, match="over 1,048,576 characters"):
        done(f"join({'x' * 200})", ["a"] * 10_000)


def test_text_may_grow_to_its_limit():
    assert len(done("replace(a,aa)", "a" * (MAX_TEXT_CHARS // 2))) == MAX_TEXT_CHARS


def test_split_makes_no_endless_lists():
    assert len(done("split(,)", "," * 50_000)) == 10_000
    assert len(done("split(,)", ["," * 9_000] * 3)) == 10_000


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        done("lower", 2**70)


VALUES = st.none() | st.text(max_size=300) | st.lists(st.none() | st.text(max_size=50), max_size=10)
STEPS = st.sampled_from([*(text for text, _ in READ), *(name for name, wanted in ARGUMENTS.items() if not wanted)])


@given(st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_a_transform_or_refused(text):
    try:
        parsed = parse(text)
    except ValueError:
        return

    assert all(transform.name in ARGUMENTS for transform in parsed)


@given(st.lists(STEPS, max_size=6), VALUES)
def test_any_steps_leave_nothing_or_text_or_a_flat_list(steps, value):
    result = done(steps, value)

    items = result if isinstance(result, list) else [result]
    assert all(item is None or isinstance(item, str) for item in items)
