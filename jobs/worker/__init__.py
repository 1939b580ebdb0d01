"""A worker process: a synchronous shell, with the database in its threads, around one event loop with the browser.

`process` starts and stops it, `runs` renders what is claimed, `claims` knows what is in hand and aborts it,
`heartbeat` keeps the leases while the loop lives, `listener` hears of cancelled jobs.
"""
