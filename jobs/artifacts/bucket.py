"""Kept files in a bucket of S3, or of anything that speaks as S3 does.

Imported only where SCRPY_STORAGE asks for it: boto3 need not be installed elsewhere. Region, endpoint and credentials
are boto3's to find, in the AWS variables of the environment for example.
"""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

PATIENCE = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


class Bucket(S3Storage):  # type: ignore[misc]  # it has no types
    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "client_config": PATIENCE}

    def folders(self, within: str) -> list[str]:
        names: list[str] = self.listdir(within)[0]
        return names

    def remove_folder(self, folder: str) -> None:
        """By a thousand files at a time."""
        self.bucket.objects.filter(Prefix=f"{self._normalize_name(folder)}/").delete()
