"""The real thing: set up and started by the commands that an operator types."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scraping.browser import find_chromium
from tests.environment import ON_POSTGRES
from tests.platform import processes
from tests.platform.client import Client
from tests.platform.rows import Rows, create_database, drop_database
from tests.ports import free_port
from tests.until import until

MANAGE = Path(__file__).parents[2] / "manage.py"
UP_WITHIN_S, DOWN_WITHIN_S = 60.0, 40.0
NOTHING: Mapping[str, str] = {}


@dataclass
class Platform:
    """scrpy on a home and a port of its own. `up` is its supervisor."""

    home: Path
    env: Mapping[str, str] = field(repr=False)
    port: int
    rows: Rows = field(repr=False)

    def manage(self, *command: str) -> str:
        """What `manage.py …` prints."""
        ran = subprocess.run(
            [sys.executable, MANAGE, *command],
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def open_account(self, name: str, *balance: str) -> Client:
        """An account with a key to it; `balance` as `create_account` takes it."""
        self.manage("create_account", name, *(balance or ("--unlimited",)))
        return self.client(name)

    def client(self, account: str, *how: str) -> Client:
        """One with a new key; `how` as `create_key` takes it."""
        return Client(self.port, self.manage("create_key", "--account", account, *how).split()[-1])

    def shop_url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port + 1}{path}"

    def start(self) -> None:
        with (self.home / "up.out").open("wb") as output:
            self.up = subprocess.Popen(
                [sys.executable, MANAGE, "up"],
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "scrpy is up." in self.said() or self.up.poll() is not None, what="up", within_s=UP_WITHIN_S)
        assert self.up.poll() is None, self.said()
        until(self.workers, what="workers signed on", within_s=UP_WITHIN_S)

    def stop(self) -> None:
        """As systemd does; an end that takes too long fails, and is ended anyway."""
        left = [pid for pid, _ in processes.descendants(self.up.pid)]
        self.up.terminate()
        try:
            assert self.up.wait(DOWN_WITHIN_S) == 0, self.said()
        finally:
            if self.up.poll() is None:
                self.up.kill()
                self.up.wait()
        assert not [pid for pid in left if Path(f"/proc/{pid}").exists()], self.said()

    def said(self) -> str:
        return (self.home / "up.out").read_text()

    def logged(self) -> Iterator[str]:
        """The lines that its processes have logged."""
        for log in sorted((self.home / "logs").iterdir()):
            yield from log.read_text(errors="replace").splitlines()

    def pids(self, kind: str) -> list[int]:
        return processes.pids(self.up.pid, kind)

    def kill(self, kind: str) -> int:
        """SIGKILL the oldest process of this kind; its pid. There has to be one."""
        pid = until(lambda: self.pids(kind), what=f"a {kind} process")[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_all(self, kind: str) -> None:
        """SIGKILL every process of this kind."""
        for pid in until(lambda: self.pids(kind), what=f"a {kind} process"):
            os.kill(pid, signal.SIGKILL)

    def workers(self) -> list[dict[str, object]]:
        """Those that have signed on."""
        return self.rows.ask("SELECT pid, target FROM jobs_worker")

    def slots(self) -> int:
        """How many pages the live workers render at once."""
        return int(self.rows.one("SELECT COALESCE(SUM(target), 0) FROM jobs_worker"))


@contextmanager
def running_platform(
    *, allow: Sequence[str], workers: int = 1, database_server: str | None = None, more_env: Mapping[str, str] = NOTHING
) -> Iterator[Platform]:
    """One that may visit the pairs in `allow`, on a fresh database. Gone afterwards.

    The database is one of the PostgreSQL at `database_server`, SQLite if that is empty; of the kind under test if None.
    """
    with prepared_platform(
        allow=allow, workers=workers, database_server=database_server, more_env=more_env
    ) as platform:
        platform.start()
        try:
            yield platform
        finally:
            platform.stop()


@contextmanager
def prepared_platform(
    *, allow: Sequence[str], workers: int = 1, database_server: str | None = None, more_env: Mapping[str, str] = NOTHING
) -> Iterator[Platform]:
    """The same, of which nothing runs."""
    if database_server is None:
        database_server = os.environ["DATABASE_URL"] if ON_POSTGRES else ""
    home = Path(tempfile.mkdtemp(prefix="scrpy-platform-"))
    url = create_database(database_server) if database_server else ""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCRPY_")}
    env = {
        **inherited,
        "DATABASE_URL": url,
        "REDIS_URL": "",
        "SCRPY_HOME": str(home),
        "SCRPY_PORT": str(port),
        "SCRPY_CHROMIUM_PATH": str(find_chromium(None)),
        "SCRPY_EGRESS_ALLOW": ",".join(allow),
        "SCRPY_WORKER_PROCESSES": str(workers),
        **more_env,
    }
    platform = Platform(home=home, env=env, port=port, rows=Rows(home / "scrpy.sqlite3", url))
    try:
        platform.manage("migrate")
        yield platform
    finally:
        if url:
            drop_database(url, server=database_server)
        shutil.rmtree(home, ignore_errors=True)
