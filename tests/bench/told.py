"""How a loop is told what to do, in a process of its own, whoever's it is; it needs nothing that has to be installed.

It reads an order from its input, and says "ready" when its browser is up; told to go, it says "done" when all pages
have been read; and told to stop, what it has found.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

Data = dict[str, Any]
Order = Mapping[str, Any]
"""Addresses, selectors (a list around one whose every match is wanted), lanes, whether images are loaded, the path of
Chromium, and the hash of the key that it trusts."""

READ = """(selectors) => new Promise((done) => {
  const text = (element) => element.textContent.trim();
  const value = (rule) => Array.isArray(rule)
    ? [...document.querySelectorAll(rule[0])].map(text)
    : [...document.querySelectorAll(rule)].slice(0, 1).map(text)[0];
  const read = () => Object.fromEntries(Object.entries(selectors).map(([name, rule]) => [name, value(rule)]));
  const complete = (data) => Object.values(data).every((value) => value && value.length);
  const look = () => { const data = read(); if (complete(data)) { watch.disconnect(); done(JSON.stringify(data)); } };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""
"""Reads what the selectors match, once each matches something."""


def arguments(order: Order) -> list[str]:
    """Chromium's."""
    trusted = [f"--ignore-certificate-errors-spki-list={order['trusts']}"]
    return ["--no-sandbox", *trusted, *([] if order["images"] else ["--blink-settings=imagesEnabled=false"])]


def hear() -> str:
    return sys.stdin.readline()


def order() -> Order:
    heard: Order = json.loads(hear())
    return heard


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + os.linesep)
    sys.stdout.flush()


def say_found(found: Mapping[int, Data]) -> None:
    """All of it, by the number of its address, once that is wanted."""
    say("done")
    hear()
    say([found[number] for number in range(len(found))])
