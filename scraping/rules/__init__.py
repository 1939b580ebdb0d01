"""The extraction grammar: `parse` reads a caller's selectors, `css` and `xpath` check them without a browser.

A rule is one field's name and how to read it. This build knows rules written as strings:

    "h1"  "h1::text"            the text of the first match
    "a@href"  "a::attr(href)"   an attribute of it, as it is written in the page
    "//h1"  "xpath=id('x')"     XPath, when it starts with / ./ ( or xpath=
    ["li"]                      all matches, as a list
"""

from scraping.rules.parse import Rule, Rules, parse

__all__ = ["Rule", "Rules", "parse"]
