from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Scraping"

    def ready(self) -> None:
        """Every command can check; sessions know of every sign-in, the admin's too."""
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415 - apps are ready only now

        import jobs.checks  # noqa: F401, PLC0415 - registers what `manage.py check` asks
        from jobs.sessions import note_sign_in  # noqa: PLC0415

        user_logged_in.connect(note_sign_in)
