"""A server of files, and a browser that may reach nothing else."""

import asyncio
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scraping import rules
from scraping.browser import BrowserPool, find_chromium
from scraping.egress import Policy, gate
from scraping.offline import Kept, offline, reread
from scraping.options import DEFAULT_PROFILE, FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import Loop

LANES = 4
WITHIN_S = 900


class Files(SimpleHTTPRequestHandler):
    """Answers as a static site does, in silence."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def loop():
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def serve():
    """Serve a folder; its address."""
    servers = []

    def serving(folder):
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serving
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def read_all(loop):
    """Scrape pages of one site, and read them again as they were kept: both data, by path."""

    async def reading(address, paths, wanted, profile, options):
        pool = BrowserPool(
            executable=find_chromium(),
            lanes=2 * LANES,
            policy=Policy(allow=frozenset({address.removeprefix("http://")})),
        )
        waiting, found = list(paths), {}
        try:
            await asyncio.gather(*(read(pool, address, waiting, wanted, profile, options, found) for _ in range(LANES)))
        finally:
            await pool.close()
        return found

    async def read(pool, address, waiting, wanted, profile, options, found):
        live = await pool.borrow("alice", profile=profile)
        kept = await pool.borrow("alice", profile=offline(profile))
        try:
            while waiting:
                path = waiting.pop()
                found[path] = await twice(live, kept, gate.check(f"{address}/{path}", pool.policy), wanted, options)
        finally:
            await pool.give_back(live)
            await pool.give_back(kept)

    async def twice(live, kept, target, wanted, options):
        first = await scrape(live, target, wanted, options)
        [html] = first.captures
        page = Kept(first.final_url, html.content, html.content_type, first.status_code)
        return first.data, (await reread(kept, page, wanted, options)).data

    def all_of(address, paths, selectors, profile=DEFAULT_PROFILE, **options):
        options = FetchOptions(keep_html=True, **{"timeout_ms": 60_000, **options})
        return loop.start(reading(address, paths, rules.parse(selectors), profile, options)).result(WITHIN_S)

    return all_of
