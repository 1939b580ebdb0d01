"""Seals what is kept but must not be read in the database: encrypted with a key that is made of SECRET_KEY.

SECRET_KEY_FALLBACKS still open what was sealed before the key was changed.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"scrpy: what is sealed in the database"
"""Makes the key another one than whatever else is derived from the same secret."""


class SealBroken(Exception):
    """None of the keys opens this: it was sealed with another, or changed since."""


def seal(text: str) -> str:
    return _locks().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises: SealBroken."""
    try:
        return _locks().decrypt(sealed.encode()).decode()
    except InvalidToken as exc:
        raise SealBroken from exc


def _locks() -> MultiFernet:
    return MultiFernet([_lock(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=8)
def _lock(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))
