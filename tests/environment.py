"""What the tests run on, decided before Django reads its settings; pytest loads this first (`-p tests.environment`).

`SCRPY_TEST_DATABASE=postgres` runs them on a PostgreSQL started for them, or on the server that `DATABASE_URL`
names; otherwise they run on SQLite. Whatever they write goes to a temporary directory.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.postgres import Postgres

ON_POSTGRES = os.environ.get("SCRPY_TEST_DATABASE") == "postgres"


def prepare() -> None:
    """Once per run: workers of pytest-xdist inherit what their controller prepared."""
    home = Path(tempfile.mkdtemp(prefix="scrpy-tests-"))
    home.chmod(0o755)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith("SCRPY_") and name != "SCRPY_TEST_DATABASE"]:
        del os.environ[name]
    os.environ.update(SCRPY_HOME=str(home), SCRPY_TESTS_PREPARED="1", REDIS_URL="unix:///nonexistent/valkey.socket")
    if not ON_POSTGRES:
        os.environ.pop("DATABASE_URL", None)
    elif "DATABASE_URL" not in os.environ:
        os.environ["DATABASE_URL"] = Postgres(home / "postgres").url


if "SCRPY_TESTS_PREPARED" not in os.environ:
    prepare()
