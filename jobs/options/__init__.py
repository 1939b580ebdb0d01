"""What may be asked of the way in which a job's pages are fetched and read: one module per subject, one schema."""

from jobs.options.schema import LATER, READERS, Options, options_of, read_options, without_secrets

__all__ = ["LATER", "READERS", "Options", "options_of", "read_options", "without_secrets"]
