#!/usr/bin/env python
"""The one command line of scrpy: `manage.py up`, `manage.py create_key`, and Django's own."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrpy.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"scrpy cannot start: {error}")


if __name__ == "__main__":
    main()
