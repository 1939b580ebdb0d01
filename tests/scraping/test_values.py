"""What the fields of a page are read as."""

import pytest


def values(visit, path, **selectors):
    return visit(path, selectors).data


def test_fields_come_in_the_order_of_the_rules(visit):
    outcome = visit("/static/7", {"z": "h1", "price": ".price", "a": "a.next@href"})

    assert list(outcome.data.items()) == [("z", "Product 7"), ("price", "$65.99"), ("a", "/static/next?after=7")]
    assert outcome.status_code == 200


def test_a_list_holds_all_matches(visit):
    data = values(visit, "/list?n=5", items=["li.item"], ids=["li.item@data-id"], links=["li a@href"], none=["li.nope"])

    assert data["items"] == ["Item 0", "Item 1 go", "Item 2", "Item 3 go", "Item 4"]
    assert data["ids"] == ["0", "1", "2", "3", "4"]
    assert data["links"] == ["/static/1", "/static/3"]
    assert data["none"] == []


def test_what_matches_nothing_is_none(visit):
    data = values(
        visit, "/static/1", element="h6", attribute="h1@title", of_none="h6@title", xpath="//h6", pseudo="h1::before"
    )

    assert set(data.values()) == {None}


def test_an_attribute_is_given_as_it_is_written(visit):
    data = values(visit, "/static/1", href="a.next::attr(href)", upper="a.next@HREF", src="img@src")

    assert data == {"href": "/static/next?after=1", "upper": "/static/next?after=1", "src": "/images/1.png"}


XPATH = [
    ("//h1", "Product 1"),
    ("//h1/text()", "Product 1"),
    ("//a/@href", "/static/next?after=1"),
    ("xpath=string(//h1)", "Product 1"),
    ("xpath=count(//li)", 2),
    ("xpath=number('x')", None),
    ("xpath=count(//li) = 2", True),
    ("xpath=boolean(//h6)", False),
    ("(//li)[2]", "tag-14"),
    (["//li"], ["tag-0", "tag-14"]),
    (["//li/@class"], ["tag", "tag"]),
    (["xpath=count(//li)"], [2]),
    (["//h6"], []),
]


def test_xpath_may_give_nodes_attributes_strings_numbers_and_booleans(visit):
    data = visit("/static/1", {str(n): expression for n, (expression, _) in enumerate(XPATH)}).data

    assert list(data.values()) == [value for _, value in XPATH]


def test_text_is_trimmed_folded_and_free_of_scripts_and_styles(visit):
    data = values(visit, "/text-values", folded="#folded", mixed="#mixed", script="script[type='application/ld+json']")

    assert data == {"folded": "a b c d", "mixed": "one two", "script": '{"a": 1}'}


def test_characters_that_are_not_text_become_replacement_characters(visit):
    data = values(visit, "/text-values", nul="#nul", half="#half", attribute="#half@data-half", unicode="#unicode")

    assert data["nul"] == "a\ufffdb"
    assert data["half"] == "x\ufffdy"
    assert data["attribute"] == "\ufffd"
    assert data["unicode"] == "naïve 日本 \U0001f600\u202e"


@pytest.mark.parametrize(("size", "cut"), [(65_535, False), (65_536, False), (65_537, True)])
def test_a_value_holds_64_kib(visit, size, cut):
    outcome = visit(f"/big-value?bytes={size}", {"p": "p"})

    assert len(outcome.data["p"]) == min(size, 65_536)
    assert (outcome.cut == {"p"}) is cut


def test_the_data_of_a_page_holds_1_mib(visit):
    outcome = visit("/big-value?bytes=65536&items=20", {"all": ["p"], "last": "p:last-of-type"})

    assert [len(value) for value in outcome.data["all"]] == [65_536] * 16
    assert outcome.data["last"] == ""
    assert outcome.cut == {"all", "last"}


@pytest.mark.parametrize(("items", "cut"), [(999, False), (1_000, False), (1_001, True)])
def test_a_list_holds_1000_items(visit, items, cut):
    outcome = visit(f"/list?n={items}", {"items": ["li"]})

    assert len(outcome.data["items"]) == min(items, 1_000)
    assert bool(outcome.cut) is cut


def test_two_hundred_fields_are_read_in_one_go(visit):
    outcome = visit("/list?n=200", {f"f{n}": f"li[data-id='{n}']@data-id" for n in range(200)})

    assert outcome.data == {f"f{n}": str(n) for n in range(200)}


def test_a_page_that_redefines_everything_falsifies_nothing(visit):
    outcome = visit("/liar", {"title": "h1", "items": ["li"], "xpath": "//h1", "class": "li@class"})

    assert outcome.data == {"title": "Truth", "items": ["one", "two"], "xpath": "Truth", "class": None}
    assert outcome.status_code == 200


def test_field_names_never_reach_the_page(visit):
    names = ["__proto__", "constructor", "toString", "日本", "a.b"]

    assert values(visit, "/static/1", **dict.fromkeys(names, "h1")) == dict.fromkeys(names, "Product 1")


def test_a_deep_document_is_read(visit):
    assert values(visit, "/deep?depth=3000", bottom="#bottom") == {"bottom": "bottom"}


@pytest.mark.parametrize(
    ("path", "selector", "value"),
    [("/plain", "pre", "just text"), ("/data", "pre", '{"a": 1}'), ("/xml", "item", "One"), ("/xml", "//item", "One")],
)
def test_text_json_and_xml_are_pages_too(visit, path, selector, value):
    assert values(visit, path, field=selector) == {"field": value}


@pytest.mark.parametrize(("size", "name", "cut"), [(1_000_000, "Chair", 0), (1_100_000, None, 1)])
def test_data_for_machines_that_was_cut_is_no_data_and_says_so(visit, size, name, cut):
    rules = {"title": "h1", "name": {"source": "jsonld", "path": "name"}}

    outcome = visit(f"/big-data?bytes={size}", rules)

    assert outcome.data == {"title": "Big", "name": name}
    assert (outcome.reports["name"].cut, outcome.reports["title"].cut) == (cut, 0)
