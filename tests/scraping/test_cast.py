"""Values as the types their rules ask for."""

# ruff: noqa: RUF001  (the signs that sites print look like others)

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.rules.cast import TYPES, CastError, cast

PAGE = "https://shop.example/a/b?c=d"


def as_type(value, to, locale=None):
    return cast(value, to, base_url=PAGE, locale=locale)


NUMBERS = [
    ("5", 5),
    ("007", 7),
    ("+5", 5),
    ("-5", -5),
    ("−5", -5),
    ("− 5", -5),
    ("–5 °C", -5),
    ("(5)", -5),
    ("(1,234.50)", -1234.5),
    ("Reviews (5)", 5),
    ("(1,234.5 reviews)", 1234.5),
    ("-0", 0),
    ("1.29", 1.29),
    ("12,50", 12.5),
    ("0,5", 0.5),
    ("0.125", 0.125),
    (".99", 0.99),
    ("1234,5", 1234.5),
    ("1234.567", 1234.567),
    ("1,299.00", 1299.0),
    ("1.299,00", 1299.0),
    ("1,299.000", 1299.0),
    ("1.299.000", 1299000),
    ("1,299,000", 1299000),
    ("1,29,999", 129999),
    ("1,29,999.00", 129999.0),
    ("12,34,567", 1234567),
    ("1'299.00", 1299.0),
    ("1’299", 1299),
    ("1'299'000,5", 1299000.5),
    ("1 299", 1299),
    ("1 299,00", 1299.0),
    ("12 345 678", 12345678),
    ("1\u00a0299 Stück", 1299),
    ("1\u202f299,00", 1299.0),
    ("1\u2009299 m", 1299),
    ("12.5 %", 12.5),
    ("20%", 20),
    ("-5 %", -5),
    ("１，２９９．５０", 1299.5),
    ("١٢٣", 123),
    ("١٬٢٣٤٫٥", 1234.5),
    ("۱۲۳", 123),
    ("१२३", 123),
    ("4.5 out of 5", 4.5),
    ("from 12,50 €", 12.5),
    ("was $20, now $15", 20),
    ("SKU-12", 12),
    ("A4 paper", 4),
    ("12px", 12),
    ("50m2", 50),
    ("5-pack", 5),
    ("( 5 )", -5),
    ("12´345", 12345),
    ("12,-", 12),
    ("1.299,-", 1299),
    ("1,299.–", 1299),
    ("2k", 2000),
    ("2K", 2000),
    ("1.5M views", 1500000),
    ("1.25M", 1250000),
    ("1,234.5k", 1234500),
    ("3 million", 3000000),
    ("1.2万", 12000),
    ("2億", 200000000),
    ("₹1.5 lakh", 150000),
    ("3 Million", 3000000),
    ("1.5 MILLION views", 1500000),
    ("₹1.5 Lakh", 150000),
    ("2千", 2000),
    ("5 m", 5),
    ("85 L", 85),
    ("\u200e12\u200f", 12),
    ("9223372036854775807", 2**63 - 1),
    (5, 5),
    (-2.5, -2.5),
    (1e22, 1e22),
]

NO_NUMBERS = [
    "",
    "none",
    "½",
    "1.299",
    "1,299",
    "12.345",
    "a 15 256 GB",
    "1/2",
    "1 1/2",
    "5½",
    "10²",
    "5-",
    "- 5",
    "10-20",
    "10 – 20",
    "10~20",
    "2024-01-15",
    "10:30",
    "5x3",
    "1e5",
    "1.2.3",
    "1.29.999",
    "12,34.567.8",
    "1.299,000,000",
    "0.299.000",
    "1'29",
    "12 99",
    "12 ,50",
    "12, 50",
    "5 . 5",
    "12..50",
    "1_000",
    "1·5",
    "--5",
    "+-5",
    "1920 × 1080",
    "2 $14",
    "5 to 7 days",
    "5m",
    "5B",
    "3 billion",
    "1,5 Mio.",
    "3 Mrd",
    "3 M€",
    "36 M",
    "5 k",
    "5 mil",
    "₹ 85 L",
    "$(5.00)",
    "5,00- €",
    "5.00 EUR-",
    "5 1/2 €",
    "¥3万5000",
    "3万5000",
    "9223372036854775808",
    "9" * 900,
    "9" * 900 + ".5",
    " " * 10 + "x" * 1_000 + "5",
    True,
    {"a": 1},
    math.nan,
    math.inf,
    2**64,
]

LOCALE_NUMBERS = [
    ("1.299", "de-DE", 1299),
    ("1.299", "de", 1299),
    ("1.299", "de_DE", 1299),
    ("1.299", "en-US", 1.299),
    ("1,299", "en-US", 1299),
    ("1,299", "de-DE", 1.299),
    ("1.299", "de-CH", 1.299),
    ("1,299", "de-CH", 1299),
    ("1.299", "pt-BR", 1299),
    ("1.299", "es-MX", 1.299),
    ("1,299", "es-ES", 1.299),
    ("1.299", "fr-FR", 1299),
    ("1,299", "hi-IN", 1299),
    ("1,299", "ja-JP", 1299),
    ("x 1 299 y", "fr-FR", 1299),
    ("12,50", "en-US", 12.5),
    ("1.299,00", "en-US", 1299.0),
]

PRICES = [
    ("$1,299.00", "1299.00", "USD"),
    ("$1,299.00$1,299.00", "1299.00", "USD"),
    ("1.299,00 €", "1299.00", "EUR"),
    ("1.299,00€", "1299.00", "EUR"),
    ("¥12,800", "12800", "JPY"),
    ("￥12,800", "12800", "JPY"),
    ("12,800円", "12800", "JPY"),
    ("¥12.80", "12.80", None),
    ("₩1,299", "1299", "KRW"),
    ("1.299 ₫", "1299", "VND"),
    ("1 299,00 kr", "1299.00", None),
    ("1 299 kr.", "1299", None),
    ("1'299.00 CHF", "1299.00", "CHF"),
    ("CHF 12.-", "12", "CHF"),
    ("₹1,29,999.00", "129999.00", "INR"),
    ("Rs. 500", "500", None),
    ("from 12,50 €", "12.50", "EUR"),
    ("Price: USD 12", "12", "USD"),
    ("12 USD", "12", "USD"),
    ("12USD", "12", "USD"),
    ("USD $12.50", "12.50", "USD"),
    ("$12 CAD", "12", "CAD"),
    ("EUR 1.234,5", "1234.5", "EUR"),
    ("A$ 5", "5", "AUD"),
    ("US$5", "5", "USD"),
    ("C$ 5.00", "5.00", "CAD"),
    ("HK$1,299.00", "1299.00", "HKD"),
    ("R$ 1.234,56", "1234.56", "BRL"),
    ("12,99 zł", "12.99", "PLN"),
    ("12,99zł12,99zł", "12.99", "PLN"),
    ("299 Kč", "299", "CZK"),
    ("1 299 Ft", "1299", "HUF"),
    ("1 299 ₽", "1299", "RUB"),
    ("1 299 руб.", "1299", "RUB"),
    ("₺12,50", "12.50", "TRY"),
    ("12,50 TL", "12.50", "TRY"),
    ("د.إ 5.00", "5.00", "AED"),
    ("5.00 د.إ.\u200f", "5.00", "AED"),
    ("£.99", "0.99", "GBP"),
    ("5 euros", "5", "EUR"),
    ("RM 12.00", "12.00", "MYR"),
    ("12 lei", "12", None),
    ("12 leis", "12", None),
    ("-$5.00", "-5.00", "USD"),
    ("$-5.00", "-5.00", "USD"),
    ("−5,00 €", "-5.00", "EUR"),
    ("($5.00)", "-5.00", "USD"),
    ("$0.00", "0.00", "USD"),
    ("1299.00", "1299.00", None),
    ("1299", "1299", None),
    ("$1.5M", "1500000", "USD"),
    ("1.299,- €", "1299", "EUR"),
    ("$5.99/100g", "5.99", "USD"),
    ("5,99 € / 100 g", "5.99", "EUR"),
    ("2 x $5.00", "5.00", "USD"),
    ("Save 20% $15", "15", "USD"),
    ("$15.00 (15 USD)", "15.00", "USD"),
    ("AU $5.00", "5.00", "AUD"),
    ("US $5.00", "5.00", "USD"),
    ("12,00 $CA", "12.00", "CAD"),
    ("12,00 $ US", "12.00", "USD"),
    ("5 dollars", "5", "USD"),
    ("500 yen", "500", "JPY"),
    ("Pack of 2 $14.00", "14.00", "USD"),
    ("3500円 1個", "3500", "JPY"),
    ("19,99€ 2 Stück", "19.99", "EUR"),
    ("Buy 2, $5", "5", "USD"),
    ("Vitamin C $5", "5", "USD"),
    ("( $5.00 )", "-5.00", "USD"),
    ("2-5 days, $7.00", "7.00", "USD"),
    ("$1.5 Million", "1500000", "USD"),
    ("RD$1,299.00", "1299.00", "DOP"),
    ("CN¥ 5", "5", "CNY"),
    ("E£5", "5", "EGP"),
    ("Z$5", "5", None),
    ("Only$5", "5", "USD"),
    ("CHF 5.--", "5", "CHF"),
    ("12,99 € 12,99 €", "12.99", "EUR"),
    ("15 $999 USD", "999", "USD"),
    (12.5, "12.5", None),
    (12, "12", None),
]

NO_PRICES = [
    "$1e3",
    "1e3 $",
    "",
    "free",
    "20%",
    "1.299 €",
    "$1,299",
    "was $20, now $15",
    "$10 – $20",
    "$10-20",
    "10 € - 20 €",
    "$20 (or €18)",
    "12 99 €",
    "€12 99",
    "12⁹⁹ €",
    "€12 USD",
    "12 € 10 €",
    "3万5000円",
    "10 15 20",
    "15 15 20",
    "From 10 to 20 EUR",
    "10 - 20 €",
    "10-20 €",
    "12 ,50 €",
    "12, 50 €",
    "12:50 €",
    "$12..50",
    "$15 .99",
    "5€50",
    "5 € 50",
    "C $5.00",
    "99¢",
    "50 cents",
    "99p",
    "99c",
    "99 Cent",
    "50 pence",
    "12,99 €9,99 €",
    "12,99 EUR9,99 EUR",
    "$ (5.00)",
    "5,00- €",
    "5.00 EUR-",
    "1.5e3 USD",
    "1/2 €",
    "$5 1/2",
    "₹ 1.5 L",
    True,
    {"price": 5},
]

LOCALE_PRICES = [
    ("$5", "en-CA", "5", "CAD"),
    ("$5", "fr-CA", "5", "CAD"),
    ("$5", "en-AU", "5", "AUD"),
    ("$5", "es-MX", "5", "MXN"),
    ("$5", "zh-TW", "5", "TWD"),
    ("$5", "de-DE", "5", "USD"),
    ("US$5", "en-CA", "5", "USD"),
    ("¥5", "zh-CN", "5", "CNY"),
    ("¥5", "zh", "5", "CNY"),
    ("¥12.80", "zh", "12.80", "CNY"),
    ("¥5", "ja", "5", "JPY"),
    ("5 kr", "sv-SE", "5", "SEK"),
    ("5 kr", "nb-NO", "5", "NOK"),
    ("5 kr.", "da", "5", "DKK"),
    ("5 kr", "is-IS", "5", "ISK"),
    ("5 kr", "de-DE", "5", None),
    ("£5", "ar-EG", "5", "EGP"),
    ("Rs. 500", "en-IN", "500", "INR"),
    ("1.299 €", "de-DE", "1299", "EUR"),
    ("$1,299", "en-US", "1299", "USD"),
    ("$5", "xx-YY", "5", "USD"),
    ("5", "de-DE", "5", None),
]

DATES = [
    ("2024-01-15", "2024-01-15"),
    (" 2024-01-15\n", "2024-01-15"),
    ("2024-1-5", "2024-01-05"),
    ("2024/01/15", "2024-01-15"),
    ("2024.01.15", "2024-01-15"),
    ("2024. 1. 15.", "2024-01-15"),
    ("20240115", "2024-01-15"),
    ("20240115T103000Z", "2024-01-15T10:30:00Z"),
    ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
    ("2024-01-15T10:30:00", "2024-01-15T10:30:00"),
    ("2024-01-15 10:30", "2024-01-15T10:30:00"),
    ("2024-01-15T10:30:00.123Z", "2024-01-15T10:30:00.123Z"),
    ("2024-01-15T10:30:00+01:00", "2024-01-15T10:30:00+01:00"),
    ("2024-01-15T10:30+0530", "2024-01-15T10:30:00+05:30"),
    ("2024-01-15T10:30:00-00:00", "2024-01-15T10:30:00Z"),
    ("2024-01-15 10:30:00 UTC", "2024-01-15T10:30:00Z"),
    ("2024-01-15 10:30 UTC+2", "2024-01-15T10:30:00+02:00"),
    ("Mon, 15 Jan 2024 10:30:00 GMT", "2024-01-15T10:30:00Z"),
    ("Mon, 15 Jan 2024 10:30:00 +0100", "2024-01-15T10:30:00+01:00"),
    ("Mon, 15 Jan 2024 10:30:00 -0800 (PST)", "2024-01-15T10:30:00-08:00"),
    ("15 Jan 2024 10:30 EST", "2024-01-15T10:30:00-05:00"),
    ("Mon Jan 15 10:30:00 2024", "2024-01-15T10:30:00"),
    ("Mon Jan 15 2024 10:30:00 GMT+0100 (Central European Standard Time)", "2024-01-15T10:30:00+01:00"),
    ("Jan 15, 2024", "2024-01-15"),
    ("Jan. 15, 2024", "2024-01-15"),
    ("JAN 15 2024", "2024-01-15"),
    ("January 15th, 2024", "2024-01-15"),
    ("January 15, 2024 at 3:05 PM", "2024-01-15T15:05:00"),
    ("Jan 15, 2024, 12:00 AM", "2024-01-15T00:00:00"),
    ("Jan 15, 2024 12 p.m.", "2024-01-15T12:00:00"),
    ("Sunday, March 3, 2024 - 5:00 p.m.", "2024-03-03T17:00:00"),
    ("15 January 2024", "2024-01-15"),
    ("15-Jan-2024", "2024-01-15"),
    ("15/Jan/2024", "2024-01-15"),
    ("7th of March, 2024", "2024-03-07"),
    ("15 Sept 2024", "2024-09-15"),
    ("2024 January 15", "2024-01-15"),
    ("15. Januar 2024", "2024-01-15"),
    ("Montag, 15. Jänner 2024, 10:30 Uhr", "2024-01-15T10:30:00"),
    ("3. März 2024", "2024-03-03"),
    ("15 janvier 2024", "2024-01-15"),
    ("1er févr. 2024 à 10h30", "2024-02-01T10:30:00"),
    ("mar. 15 janv. 2024", "2024-01-15"),
    ("15 de enero de 2024", "2024-01-15"),
    ("lunes, 15 de enero del 2024", "2024-01-15"),
    ("segunda-feira, 15 de janeiro de 2024", "2024-01-15"),
    ("15 gennaio 2024", "2024-01-15"),
    ("15 d’abril de 2024", "2024-04-15"),
    ("15 stycznia 2024", "2024-01-15"),
    ("15. ledna 2024", "2024-01-15"),
    ("15. tammikuuta 2024", "2024-01-15"),
    ("15 января 2024 г.", "2024-01-15"),
    ("15 Ιανουαρίου 2024", "2024-01-15"),
    ("15 Ocak 2024", "2024-01-15"),
    ("2024. január 15.", "2024-01-15"),
    ("2024年1月15日", "2024-01-15"),
    ("2024年1月15日(月) 10:30", "2024-01-15T10:30:00"),
    ("２０２４年１月１５日", "2024-01-15"),
    ("2024년 1월 15일", "2024-01-15"),
    ("15/01/2024", "2024-01-15"),
    ("01/15/2024", "2024-01-15"),
    ("15-01-2024 10:30", "2024-01-15T10:30:00"),
    ("02/02/2024", "2024-02-02"),
    ("15.01.2024", "2024-01-15"),
    ("1.2.2024", "2024-02-01"),
    ("01.02.2024 10:30", "2024-02-01T10:30:00"),
    ("29.02.2024", "2024-02-29"),
    ("1705314600", "2024-01-15T10:30:00Z"),
    ("1705314600123", "2024-01-15T10:30:00.123Z"),
    (1705314600, "2024-01-15T10:30:00Z"),
    (1705314600000, "2024-01-15T10:30:00Z"),
]

NO_DATES = [
    "",
    "soon",
    "2 days ago",
    "yesterday",
    "Monday",
    "10:30",
    "2024",
    "2024-01",
    "January 2024",
    "Jan 15",
    "15/01/24",
    "Monday, 15-Jan-24 10:30:00 GMT",
    "01/02/2024",
    "01-02-2024",
    "01.15.2024",
    "2024-13-01",
    "2024-02-30",
    "29.02.2023",
    "31 April 2024",
    "2024-01-15T25:00:00",
    "2024-01-15T10:60:00",
    "Jan 15, 2024 13:00 PM",
    "Jan 15, 2024 0:30 AM",
    "2024-01-15 10:30 CET",
    "2024-01-15T10:30:00+15:00",
    "15 listopad 2024",
    "15 foo 2024",
    "1445-07-03",
    "۱۴۰۲/۱۰/۲۵",
    "15/01/2567",
    "令和6年1月15日",
    "01/02/2024 or 02/01/2024",
    "2024-01-15 2024-01-16",
    "Posted 2024-01-15 by Bob",
    "170531460",
    17,
    -1705314600,
    17.5,
    True,
]

LOCALE_DATES = [
    ("01/02/2024", "en-US", "2024-01-02"),
    ("01/02/2024", "en-GB", "2024-02-01"),
    ("01/02/2024", "de-DE", "2024-02-01"),
    ("1/2/2024 3:04 pm", "en-US", "2024-01-02T15:04:00"),
    ("01-02-2024", "nl-NL", "2024-02-01"),
    ("15/01/2024", "en-US", "2024-01-15"),
    ("01.02.2024", "en-US", "2024-02-01"),
    ("15 listopada 2024", "pl-PL", "2024-11-15"),
    ("15. listopada 2024", "hr", "2024-10-15"),
]

BOOLEANS = [
    *((word, True) for word in ("true", "True", " YES ", "on", "1", "In stock", "in\n stock", "InStock", 1, True)),
    *((word, False) for word in ("false", "no", "OFF", "0", "Out of stock", "OutOfStock", 0, False)),
    ("https://schema.org/InStock", True),
    ("http://schema.org/OutOfStock", False),
]

NO_BOOLEANS = [
    "",
    "maybe",
    "ja",
    "y",
    "2",
    "not in stock",
    "https://schema.org/PreOrder",
    "https://schema.org/on",
    2,
    1.5,
    {},
]

URLS = [
    ("x", "https://shop.example/a/x"),
    ("/x?y#z", "https://shop.example/x?y#z"),
    ("?q=1", "https://shop.example/a/b?q=1"),
    ("//cdn.example/x", "https://cdn.example/x"),
    ("../x y", "https://shop.example/x%20y"),
    ("\n\t /x\x00\x1f ", "https://shop.example/x"),
    ("/a\nb\tc", "https://shop.example/abc"),
    ("HTTP://Bücher.example:80/ä", "http://xn--bcher-kva.example/%C3%A4"),
    ("\\x", "https://shop.example/x"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
]

NO_URLS = [
    "",
    "  ",
    "javascript:void(0)",
    "mailto:a@b.example",
    "data:,x",
    "ftp://a.example/",
    "https://",
    "http://a b/",
    5,
    "\ud800:",
]

JSON = [
    ('{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
    (' "x" ', "x"),
    ("5", 5),
    ('["\\u0000", {"\\u0000": 1}]', ["\ufffd", {"\ufffd": 1}]),
    ('"\\\\u0000"', "\\u0000"),
    ("[" * 99 + "[]" + "]" * 99, None),
    ({"a": 1}, {"a": 1}),
]

NO_JSON = ["", "{", "{} {}", "NaN", "{'a': 1}", '"\\ud800"', "\ud800", "[" * 101 + "]" * 101, "[" * 50_000]


@pytest.mark.parametrize(("value", "number"), NUMBERS)
def test_a_number_is_read_as_sites_print_it(value, number):
    read = as_type(value, "number")

    assert (read, type(read)) == (number, type(number))


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_not_one_number_for_certain_is_refused(value):
    with pytest.raises(CastError):
        as_type(value, "number")


@pytest.mark.parametrize(("value", "locale", "number"), LOCALE_NUMBERS)
def test_a_locale_settles_what_a_separator_means(value, locale, number):
    assert as_type(value, "number", locale) == number


@pytest.mark.parametrize(
    ("value", "integer"), [("5.0", 5), ("1,299.00", 1299), (5.0, 5), ("-5", -5), ("1e", 1), (1e18, 10**18)]
)
def test_an_integer_is_a_whole_number(value, integer):
    read = as_type(value, "integer")

    assert read == integer
    assert isinstance(read, int)


@pytest.mark.parametrize(
    "value", ["5.5", "1.299", "9223372036854775808", "-9223372036854775809", 5.5, 1e19, False, math.nan]
)
def test_what_is_not_whole_or_too_large_is_no_integer(value):
    with pytest.raises(CastError):
        as_type(value, "integer")


@pytest.mark.parametrize(("value", "amount", "currency"), PRICES)
def test_a_price_is_an_amount_as_printed_and_a_currency(value, amount, currency):
    assert as_type(value, "price") == {"amount": amount, "currency": currency}


@pytest.mark.parametrize("value", NO_PRICES)
def test_what_is_not_one_price_for_certain_is_refused(value):
    with pytest.raises(CastError):
        as_type(value, "price")


@pytest.mark.parametrize(("value", "locale", "amount", "currency"), LOCALE_PRICES)
def test_a_locale_settles_whose_sign_it_is(value, locale, amount, currency):
    assert as_type(value, "price", locale) == {"amount": amount, "currency": currency}


@pytest.mark.parametrize(("value", "iso"), DATES)
def test_a_date_is_read_as_sites_print_it(value, iso):
    assert as_type(value, "date") == iso


@pytest.mark.parametrize("value", NO_DATES)
def test_what_is_not_a_date_for_certain_is_refused(value):
    with pytest.raises(CastError):
        as_type(value, "date")


@pytest.mark.parametrize(("value", "locale", "iso"), LOCALE_DATES)
def test_a_locale_settles_what_a_date_means(value, locale, iso):
    assert as_type(value, "date", locale) == iso


@pytest.mark.parametrize("locale", [None, "sv-SE", "en-CA", "xx", "", "../../etc", "e" * 5_000, "de-DE-x\0"])
def test_a_locale_that_tells_nothing_leaves_a_date_ambiguous(locale):
    with pytest.raises(CastError, match="ambiguous"):
        as_type("01/02/2024", "date", locale)


def test_a_month_that_is_another_one_elsewhere_is_ambiguous():
    with pytest.raises(CastError, match="another month in another language"):
        as_type("15 listopad 2024", "date")


@pytest.mark.parametrize(("value", "boolean"), BOOLEANS)
def test_plain_words_are_booleans(value, boolean):
    assert as_type(value, "boolean") is boolean


@pytest.mark.parametrize("value", NO_BOOLEANS)
def test_other_words_are_no_booleans(value):
    with pytest.raises(CastError):
        as_type(value, "boolean")


@pytest.mark.parametrize(("value", "url"), URLS)
def test_a_url_is_joined_as_a_browser_would(value, url):
    assert as_type(value, "url") == url


@pytest.mark.parametrize("value", NO_URLS)
def test_what_is_not_for_http_is_no_url(value):
    with pytest.raises(CastError):
        as_type(value, "url")


@pytest.mark.parametrize(("value", "document"), JSON)
def test_json_is_one_document(value, document):
    read = as_type(value, "json")

    assert read == document if document is not None else isinstance(read, list)


@pytest.mark.parametrize("value", NO_JSON)
def test_what_is_not_one_json_document_is_refused(value):
    with pytest.raises(CastError):
        as_type(value, "json")


@pytest.mark.parametrize(
    ("value", "text"), [("x ", "x "), (5, "5"), (5.0, "5.0"), (True, "true"), ({"a": [1]}, '{"a":[1]}'), ("", "")]
)
def test_a_string_is_the_value_as_text(value, text):
    assert as_type(value, "string") == text


@pytest.mark.parametrize("to", TYPES)
def test_none_stays_none(to):
    assert as_type(None, to) is None


def test_a_refusal_says_what_was_no_such_thing_and_why():
    with pytest.raises(CastError) as refusal:
        as_type("1.299", "number")

    assert str(refusal.value) == "'1.299' is no number: 1.299 is ambiguous: thousands or decimals; a locale would tell."


def test_a_refusal_shows_only_the_beginning_and_no_half_surrogate():
    with pytest.raises(CastError) as refusal:
        as_type("\ud800" + "x" * 5_000, "number")

    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 200


PRINTED = st.text("0123456789.,' \u00a0-–−+()/%$€¥kKMmrzł万円USDEURGBPJan15:TZ²½٫", max_size=60)
ANYTHING = st.text(max_size=4_000) | PRINTED | st.integers() | st.floats() | st.booleans()


@given(ANYTHING, st.sampled_from(TYPES), st.sampled_from([None, "de-DE", "en-US", "zh", "sv"]) | st.text(max_size=8))
def test_anything_is_cast_or_refused(value, to, locale):
    try:
        read = as_type(value, to, locale)
    except CastError:
        return

    assert read is not None or to == "json"


@given(PRINTED, st.sampled_from([None, "de-DE", "en-US"]))
def test_what_was_read_as_a_price_reads_the_same_again(text, locale):
    try:
        price = as_type(text, "price", locale)
    except CastError:
        return

    assert as_type(price["amount"], "price", "en-US")["amount"] == price["amount"]
