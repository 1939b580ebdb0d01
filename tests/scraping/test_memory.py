"""How much memory there is: the machine's, or what its control groups allow, of either version."""

import os

import pytest

from scraping.browser.memory import memory_limit, own_bytes
from scraping.limits import Limits

MIB = 1024 * 1024


@pytest.fixture
def make_machine(tmp_path):
    """`make_machine(groups, limits)`: a machine of 8 GiB; the limit that is found there."""

    def make(groups, limits):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/meminfo").write_text("MemTotal:        8388608 kB\nMemFree: 1 kB\n")
        if groups is not None:
            (tmp_path / "proc/self/cgroup").write_text(groups)
        for name, text in limits.items():
            file = tmp_path / "cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        return memory_limit(proc=tmp_path / "proc", cgroups=tmp_path / "cgroup")

    return make


@pytest.mark.parametrize(
    ("groups", "limits", "expected_mib"),
    [
        (None, {}, 8192),
        ("0::/\n", {}, 8192),
        ("0::/\n", {"memory.max": "max"}, 8192),
        ("0::/\n", {"memory.max": 512 * MIB}, 512),
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": 700 * MIB}, 700),
        ("0::/a/b\n", {"a/b/memory.max": 300 * MIB, "a/memory.max": 700 * MIB}, 300),
        ("0::/../elsewhere\n", {"memory.max": 256 * MIB}, 256),
        ("0::/a\n", {"a/memory.max": 99_999 * MIB}, 8192),
        ("5:memory:/docker/x\n3:cpu:/\n0::/\n", {"memory/memory.limit_in_bytes": 400 * MIB}, 400),
        ("5:cpu,memory:/x\n", {"memory/x/memory.limit_in_bytes": 200 * MIB}, 200),
        ("5:memory:/\n", {"memory/memory.limit_in_bytes": 9223372036854771712}, 8192),
    ],
)
def test_the_least_of_all_limits_counts(make_machine, groups, limits, expected_mib):
    assert make_machine(groups, limits) == expected_mib * MIB


def test_this_machine_has_some():
    assert memory_limit() > 64 * MIB


def test_a_process_takes_what_it_has_filled():
    before = own_bytes(os.getpid())

    filled = bytearray(os.urandom(1)) * (64 * MIB)

    assert own_bytes(os.getpid()) - before > 60 * MIB
    del filled


def test_limits_shrink_where_memory_is_short_and_grow_nowhere():
    assert Limits().within(64 * 1024 * MIB) == Limits()
    assert Limits().within(1200 * MIB) == Limits(max_renderer_bytes=600 * MIB, browser_max_bytes=600 * MIB)
    assert Limits().within(5 * MIB) == Limits().within(1024 * MIB)
