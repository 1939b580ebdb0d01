"""The extraction grammar: what a caller may ask of a page, and what becomes of what the page has.

`parse` reads a caller's rules, checked without a browser by `css`, `xpath`, `pattern` and `structured`; `rule` is what
they become. The reader in the page (`browser/reader.js`) finds and reads; `evaluate` works the values out with
`pattern`, `transform` and `cast`. A rule is one field's name and how to read it:

    "h1"  "h1::text"            the text of the first match
    "a@href"  "a::attr(href)"   an attribute of it, as it is written in the page
    "//h1"  "xpath=id('x')"     XPath, when it starts with / ./ ( or xpath=
    ["li"]                      all matches, as a list
    {"selector": …, …}          all of that, and more; see docs/rules.md
"""

from scraping.rules.evaluate import Extraction, Page, Report, evaluate
from scraping.rules.parse import parse, parse_selector
from scraping.rules.rule import Rule, Rules, Selector

__all__ = ["Extraction", "Page", "Report", "Rule", "Rules", "Selector", "evaluate", "parse", "parse_selector"]
