"""scrpy as an operator runs it and a client sees it: `manage.py up`, HTTP, and SQL for what clients cannot see.

running      the platform as processes        client       its API, by HTTP alone
processes    which process does what          rows         the database, read past Django: what must hold
"""
