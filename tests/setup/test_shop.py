"""The demo shop: the same 200 products everywhere, on pages that are empty until their script has run."""

import json

import pytest

from scrpy.demo.catalogue import PAGES, PRODUCTS, product
from scrpy.demo.shop import answer


def test_a_product_is_the_same_on_every_machine():
    first = product(1)

    assert (first.title, first.price, first.tags) == ("Walnut Armchair", "$1,432.95", ("seating", "walnut", "recycled"))
    assert [review.author for review in first.reviews] == ["Béla", "Ludmiła"]


def test_no_two_products_have_the_same_title():
    assert len({product(number).title for number in range(1, PRODUCTS + 1)}) == PRODUCTS


def test_there_are_products_without_reviews_and_with_many():
    counts = {len(product(number).reviews) for number in range(1, PRODUCTS + 1)}

    assert {0, 5} <= counts


def test_the_lists_name_each_product_once_in_order():
    pages = [json.loads(answer("/api/products", f"page={page}").body) for page in range(1, PAGES + 1)]

    assert [each["number"] for page in pages for each in page["products"]] == list(range(1, PRODUCTS + 1))


def test_a_page_says_nothing_of_its_product_before_its_script_has_run():
    page = answer("/products/7", "")

    assert page.status == 200
    assert product(7).title not in page.body


def test_the_script_gets_the_whole_product():
    fetched = json.loads(answer("/api/products/7", "").body)

    assert fetched["title"] == product(7).title
    assert [review["author"] for review in fetched["reviews"]] == [review.author for review in product(7).reviews]
    assert [other["number"] for other in fetched["related"]] == list(product(7).related)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/products/0", ""),
        ("/products/201", ""),
        ("/products/x", ""),
        ("/products", "page=11"),
        ("/products", "page=one"),
        ("/api/products/201", ""),
        ("/api/products", "page=0"),
        ("/shop.css.bak", ""),
        ("/assets/../shop.py", ""),
    ],
)
def test_what_the_shop_does_not_have_is_404(path, query):
    assert answer(path, query).status == 404


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html"),
        ("/products", "text/html"),
        ("/images/7.svg", "image/svg+xml"),
        ("/shop.js", "text/javascript"),
    ],
)
def test_what_it_has_comes_with_its_type(path, content_type):
    assert (answer(path, "").status, answer(path, "").content_type) == (200, content_type)
