"""A session of the DevTools protocol with nobody at its other end: it takes all, and tells what it is told to."""

from collections import defaultdict


class Session:
    def __init__(self):
        self._listeners = defaultdict(list)

    def on(self, event, listener):
        self._listeners[event].append(listener)

    async def send(self, *_):
        return {}

    def tell(self, event, params):
        for listener in self._listeners[event]:
            listener(params)
