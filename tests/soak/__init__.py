"""Whether a platform that works for long stays as it was: `python -m tests.soak [--minutes N] [--seed N]`.

load     clients who keep it busy with pages of every kind: ordinary, slow, hostile
gauges   what its processes, its files and its queue take, looked at again and again
trend    whether that has grown

Now and then one process is killed, as by tests/chaos.
"""
