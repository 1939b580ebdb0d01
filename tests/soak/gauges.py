"""What a running platform takes of its machine."""

import os
from collections import defaultdict
from pathlib import Path

import redis

from tests.platform import processes
from tests.platform.running import Platform

MEMORY = "MB"
WATCHED = ("worker", "web", "clock", "webhooks", "driver", "chromium", "queue")
"""Kinds of processes of which there is a steady number. Renderers come and go with the pages."""


def look(platform: Platform) -> dict[str, float]:
    """Every gauge, by its name: memory (PSS) and open descriptors by kind of process, counts, files, keys."""
    seen: defaultdict[str, float] = defaultdict(float)
    for pid, command in processes.descendants(platform.up.pid):
        kind = processes.kind_of(command)
        seen["processes"] += 1
        seen[f"{kind} {MEMORY}"] += pss_mb(pid)
        seen[f"{kind} processes"] += 1
        if kind in WATCHED:
            seen[f"{kind} descriptors"] += descriptors(pid)
    scratch = platform.home / "scratch"
    seen["temporary files"] = sum(len(files) for _, _, files in os.walk(scratch.resolve()))
    seen["temporary directories"] = sum(len(folders) for _, folders, _ in os.walk(scratch.resolve()))
    seen["queue keys"] = queue_keys(platform)
    return dict(seen)


def pss_mb(pid: int) -> float:
    """Memory of a process, shared pages shared out, in MB; 0 if it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def queue_keys(platform: Platform) -> int:
    """0 while the queue is away."""
    try:
        with redis.Redis.from_url((platform.home / "valkey.url").read_text(), socket_timeout=2) as client:
            return int(client.dbsize())
    except (OSError, redis.RedisError):
        return 0
