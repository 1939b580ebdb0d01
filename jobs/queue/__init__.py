"""How waiting pages reach workers: the database is the truth, Redis only rings the bell.

`plan` decides who is next, `dispatch` claims the pages and rings, `leases` says until when a claim holds,
`sweep` takes back what nobody holds any more, `moves` is the one place where a page's status changes.
"""
