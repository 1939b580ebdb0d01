from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Scraping"

    def ready(self) -> None:
        """Every command can check."""
        import jobs.checks  # noqa: F401, PLC0415 - registers what `manage.py check` asks
