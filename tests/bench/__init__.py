"""`make bench`: what scrpy costs, always as a ratio of two things that take turns in one run.

Rooms: rendering, egress, webhooks, api, latency, queueing, memory; docs/benchmarks.md tells what each compares.
site: what is visited        loops, peers: who else visits it        told: how they are told what to do
figures: how much is measured, and how it is told        usage: what processes take
"""
