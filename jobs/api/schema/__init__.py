"""The API's own document, in OpenAPI 3.1: made of the tables and readers that answer requests, so that it cannot drift.

`requests` and `rules` are what is asked, `answers` what is answered, `events` what webhooks are sent; `operations` is
what may be done, by method and path, and `document` puts all of it together. `pages` shows it to people.
"""
