"""Other tools over the same pages, each in an environment of its own, with the settings that suit it best.

environments: makes these        with_…: one of them at work, told what to do as `tests.bench.told` says
"""
