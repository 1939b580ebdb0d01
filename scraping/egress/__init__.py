"""What may be fetched: `address` judges IP addresses, `gate` judges URLs. Neither resolves a name."""

from scraping.egress.address import is_public
from scraping.egress.gate import Target, check
from scraping.errors import UrlError

__all__ = ["Target", "UrlError", "check", "is_public"]
