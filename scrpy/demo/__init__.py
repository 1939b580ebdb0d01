"""A small shop to scrape while there is no site of one's own at hand: 200 products, rendered by JavaScript.

catalogue: what it sells, the same on every machine        shop: the ASGI app that serves it        assets: its looks
"""
