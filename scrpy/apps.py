from django.apps import AppConfig

from scrpy import broker


class ScrpyConfig(AppConfig):
    name = "scrpy"

    def ready(self) -> None:
        """Every process that Django sets up can ring."""
        broker.install()
