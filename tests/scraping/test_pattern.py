"""Callers' regular expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.rules import pattern

FOUND = [
    (r"\d+", None, "a 12 b 34", "12"),
    (r"\$([\d.]+)", None, "for $12.50 only", "12.50"),
    (r"(\w+)@(\w+)", None, "bob@example", "bob"),
    (r"(\w+)@(\w+)", 0, "bob@example", "bob@example"),
    (r"(\w+)@(\w+)", 2, "bob@example", "example"),
    (r"(?P<user>\w+)@(?P<host>\w+)", "host", "bob@example", "example"),
    (r"(?<user>\w+)@", "user", "bob@example", "bob"),
    (r"(?:a|b)(c)?", None, "b", None),
    (r"x", None, "abc", None),
    (r"(a*)", None, "bbb", ""),
    (r"(?i)SKU: (\S+)", None, "sku: é-1 x", "é-1"),
    (r"^(.*)$", None, "日本語 🎉", "日本語 🎉"),
    (r"(?s)a.b", None, "a\nb", "a\nb"),
    (r"(?m)^b$", None, "a\nb\nc", "b"),
    (r"\pL+", None, "12 Größe", "Größe"),
    (r".", None, "\ud800", "�"),
    (r"é", None, "\ud83d\ude00é\udc00", "é"),
]

REFUSED = [
    ("", None, "0 characters; 1 to 1,000"),
    ("a" * 1_001, None, "1,001 characters"),
    ("price (?=x)", None, "at character 7, '(?=': look-arounds are not in RE2"),
    ("(?!x)y", None, "look-arounds are not in RE2"),
    ("(?<=x)y", None, "look-arounds are not in RE2"),
    ("a(?<!x)y", None, "look-arounds are not in RE2"),
    (r"(a)\1", None, r"at character 4, '\\1': back-references"),
    (r"(?P<n>a)(?P=n)", None, "back-references"),
    (r"(?P<n>a)\k<n>", None, "back-references"),
    ("(a)?(?(1)b|c)", None, "conditions are not in RE2"),
    ("(", None, "( is never closed"),
    ("a)", None, "closes nothing"),
    ("[a", None, "[ is never closed"),
    ("*a", None, "nothing stands before"),
    ("a++", None, "two repetitions"),
    ("a{1001}", None, "at most 1,000 repetitions"),
    ("[z-a]", None, "range or class"),
    ("a\\", None, "single backslash"),
    (r"a\Z", None, r"\z in RE2"),
    (r"a\h", None, r"\s"),
    (r"\q", None, "does not know this escape"),
    ("(?>a)", None, "this kind of group"),
    ("(?P<a-b>x)", None, "a group's name"),
    (r"\pL{500}", None, "too large"),
    (r"(?:[^\d]{100}){9}", None, "too large"),
    ("a\ud800", None, "surrogate pair at character 2"),
    ("(a)", 2, "no group 2; 0 is all of the match, 1 its last group"),
    ("(a)", -1, "no group -1"),
    ("(a)", True, "no group True"),
    ("(?P<a>a)(?P<b>b)", "c", "no group named 'c'; its named groups: a, b"),
    ("a", "c", "its named groups: none"),
]


@pytest.mark.parametrize(("text", "group", "searched", "found"), FOUND)
def test_a_pattern_gives_what_its_group_caught(text, group, searched, found):
    assert pattern.compile(text, group).search(searched) == found


@pytest.mark.parametrize(("text", "group", "sentence"), REFUSED)
def test_a_bad_pattern_is_refused_with_a_place_and_a_reason(text, group, sentence):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refusal:
        pattern.compile(text, group)

    assert sentence in str(refusal.value)


def test_a_pattern_of_the_greatest_length_is_taken():
    assert pattern.compile("a" * 1_000, None).search("a" * 1_000) == "a" * 1_000


def test_nested_repetitions_that_blow_others_up_only_fail_to_match():
    assert pattern.compile(r"^(a+)+$", None).search("a" * 50_000 + "b") is None


@given(st.text(max_size=200), st.none() | st.integers() | st.text(max_size=5), st.text(max_size=200))
def test_any_pattern_is_searched_or_refused_in_words(text, group, searched):
    try:
        compiled = pattern.compile(text, group)
    except ValueError:
        return

    assert isinstance(compiled.search(searched), str | None)
