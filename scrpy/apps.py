from django.apps import AppConfig


class ScrpyConfig(AppConfig):
    name = "scrpy"

    def ready(self) -> None:
        """Every process that Django sets up can ring."""
        from scrpy import broker

        broker.install()
