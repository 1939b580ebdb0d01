"""`make bench`: what scrpy costs, always as a ratio of two things that take turns in one run.

platform: all of it against a bare Playwright loop        egress: lanes with their proxies against lanes without
webhooks: an endpoint beside one that hangs, against alone
site: what the lanes of `egress` visit        figures: how much is measured, and how it is told
"""
