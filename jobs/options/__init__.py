"""What may be asked of the way in which a job's pages are fetched and read: one module per subject, one schema."""

from jobs.options.schema import DEADLINE_MS, DEFAULTS, READERS, Options, options_of, read_options, without_secrets

__all__ = ["DEADLINE_MS", "DEFAULTS", "READERS", "Options", "options_of", "read_options", "without_secrets"]
