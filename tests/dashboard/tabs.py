"""Tabs of a real browser, watched."""

import re

from django.test import Client

LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
REFUSALS = "Content Security Policy|^Refused to|^Unsafe attempt|permission is not set|^asked for http://127.0.0.1"


class Tabs:
    def __init__(self, browser, address, timeout_ms=20_000):
        self._browser, self._address, self._timeout_ms = browser, address, timeout_ms
        self._contexts = []
        self.complaints = []

    def open(self, path, person=None, **look):
        """A page of the dashboard, `person` being signed in."""
        context = self._browser.new_context(base_url=self._address, reduced_motion="reduce", **look)
        context.set_default_timeout(self._timeout_ms)
        self._contexts.append(context)
        if person:
            client = Client()
            client.force_login(person)
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": self._address}])
        tab = context.new_page()
        tab.on("console", self._heard)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        tab.on("request", self._asked)
        tab.goto(path, wait_until="load")
        return tab

    def _heard(self, message):
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request):
        if not request.url.startswith((self._address, "data:")):
            self.complaints.append(f"asked for {request.url}")

    def forgive_refusals(self):
        """What the browser says of what it did not let kept HTML do, and nothing else."""
        self.complaints[:] = [one for one in self.complaints if not re.search(REFUSALS, one)]

    def close(self):
        for context in self._contexts:
            context.close()
