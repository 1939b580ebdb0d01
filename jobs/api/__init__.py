"""The REST API: each view parses, calls one function, and renders what it answers.

`bodies` and `queries` read what a client sends, `job_requests` checks what a new job asks for, `errors` names what
can be wrong and `envelope` gives every failure its one shape. `authentication` knows keys, `jobs` and `results` are
the views, `waiting` holds an answer back until a job has ended, `probes` and `metrics` tell operators how things are.
"""
