"""What may be fetched: `address` judges IP addresses, `gate` judges URLs. Neither resolves a name."""

from scraping.egress.address import is_public
from scraping.egress.gate import Target, check
from scraping.egress.policy import Policy
from scraping.errors import UrlError

__all__ = ["Policy", "Target", "UrlError", "check", "is_public"]
