"""What `up` says once everything runs."""

import os
from pathlib import Path

from django.conf import settings

EXAMPLE = """
Try it:
  KEY=$(python3 -c 'import json; print(json.load(open("{first_run}"))["apiKey"])')
  curl {url}/v1/jobs -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
    -d '{{"urls": ["{shop}/products/1"], "selectors": {{"title": "h1", "price": ".price"}}}}'
"""


def banner() -> str:
    shop = f"http://127.0.0.1:{settings.SHOP_PORT}"
    rows = {
        "API": f"{settings.SCRPY_PUBLIC_URL}/v1",
        "Admin": f"{settings.SCRPY_PUBLIC_URL}/admin/",
        "Demo shop": shop if settings.DEVELOPMENT else None,
        "Key, login": nearby(settings.SCRPY_HOME / "first-run.json"),
        "Logs": nearby(settings.SCRPY_HOME / "logs"),
    }
    lines = [f"  {name:<12}{value}" for name, value in rows.items() if value]
    example = EXAMPLE.format(first_run=rows["Key, login"], url=settings.SCRPY_PUBLIC_URL, shop=shop)
    return "\n".join(["scrpy is up. Ctrl-C stops it.", "", *lines, *([example] if settings.DEVELOPMENT else [])])


def nearby(path: Path) -> str:
    """As one would type it from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
