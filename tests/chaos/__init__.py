"""scrpy under fire, on the platform of tests/platform: `python -m tests.chaos [--seed N] [--urls N] [--kills N]`.

generator   clients who post, poll and cancel, and remember what they were told
nemesis     kills processes, the same kinds in the same order for the same seed
checker     judges by SQL and by what the clients remember alone
"""
