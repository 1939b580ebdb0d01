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
    """The addresses, and on a fresh development machine the first thing to type."""
    url, shop = settings.SCRPY_PUBLIC_URL, f"http://127.0.0.1:{settings.SHOP_PORT}"
    first_run = settings.SCRPY_HOME / "first-run.json"
    rows = {
        "Dashboard": url,
        "API": f"{url}/v1",
        "Admin": f"{url}/admin/",
        "Demo shop": shop if settings.DEVELOPMENT else "",
        "Key, login": nearby(first_run) if first_run.exists() else "",
        "Logs": nearby(settings.SCRPY_HOME / "logs"),
    }
    lines = [f"  {name:<12}{value}" for name, value in rows.items() if value]
    if rows["Demo shop"] and rows["Key, login"]:
        lines.append(EXAMPLE.format(first_run=rows["Key, login"], url=url, shop=shop))
    return "\n".join(["scrpy is up. Ctrl-C stops it.", "", *lines])


def nearby(path: Path) -> str:
    """As one would type it from here."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
