"""Commands that wire scrpy up on a machine: `up` and `setup`, with what only `setup` does.

chromium: have a browser that runs        first_run: the first account, key and login        tools: other programs
"""
