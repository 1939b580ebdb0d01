"""A library that scrapes one URL: URL, rules and options in, an Outcome or a ScrapeError out.

It knows no jobs, no database and no web framework. Who lives here:

rules/      what a caller may ask of a page, and how it is checked without a browser
egress/     which URLs and addresses may be fetched
browser/    Chromium: found, launched, pooled, and driven tab by tab
render.py   go there, wait for the page, read the fields
errors.py   everything that can go wrong, as one tree of stable codes
limits.py   every budget, in one place
"""
