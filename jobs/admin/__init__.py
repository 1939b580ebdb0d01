"""Pages for staff: who has an account, what runs, what was delivered. In django-unfold.

`site` is what they share: tables that may hold millions of rows are never counted, sorted or scanned as a whole.
`html` shows what strangers wrote, harmlessly. `dashboard` is the first page, `navigation` the way to the others.
"""

from jobs.admin import accounts, api_keys, deliveries, jobs, pages, schedules, users, workers

__all__ = ["accounts", "api_keys", "deliveries", "jobs", "pages", "schedules", "users", "workers"]
