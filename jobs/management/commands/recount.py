"""`manage.py recount`: do the numbers add up?"""

import sys

from django.core.management.base import BaseCommand

from jobs.recount import differences


class Command(BaseCommand):
    help = "Recompute counters, charges and balances from the rows, and print where they differ. Changes nothing."

    def handle(self, *args: object, **options: object) -> None:
        found = 0
        for difference in differences():
            self.stdout.write(difference)
            found += 1
        if found:
            sys.exit(1)
        self.stdout.write("Counters, charges and balances are what the rows say.")
