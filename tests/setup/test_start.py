"""What stops `up` before it starts anything, each in one line, and the small parts it is made of."""

import os
import socket
from pathlib import Path

import pytest

from scrpy.supervisor.backoff import PAUSES_S, STABLE_S, Backoff
from scrpy.supervisor.checks import CannotStart, check_chromium, check_port
from scrpy.supervisor.lock import only_one
from scrpy.supervisor.logfile import MAX_BYTES, LogFile
from scrpy.supervisor.scratch import scratch_dir


def test_up_on_an_empty_database_says_what_to_do_and_starts_nothing(manage, tmp_path):
    ran = manage("up")

    assert ran.returncode == 1
    assert ran.stderr.startswith("scrpy cannot start: The database lacks ")
    assert ran.stderr.endswith("`make setup` applies them.\n")
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "logs").exists()


def test_up_without_chromium_says_so_in_one_line(manage):
    ran = manage("up", SCRPY_CHROMIUM_PATH="/nonexistent/chromium")

    assert ran.returncode == 1
    assert "/nonexistent/chromium, does not exist" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_second_up_on_the_same_home_is_refused_by_the_first_ones_process_id(tmp_path):
    with (
        only_one(tmp_path),
        pytest.raises(CannotStart, match=rf"already running on {tmp_path} \(process {os.getpid()}\)"),
        only_one(tmp_path),
    ):
        pass


def test_a_home_is_free_again_when_its_holder_has_ended(tmp_path):
    with only_one(tmp_path):
        pass

    with only_one(tmp_path):
        assert (tmp_path / "up.lock").read_text() == f"{os.getpid()}\n"


def test_a_taken_port_is_named_with_what_wanted_it_and_the_variable_to_set():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CannotStart, match=rf"^The API cannot listen on 127.0.0.1:{port}: .* taken. Set SCRPY_PORT"):
            check_port("127.0.0.1", port, what="The API")


def test_a_free_port_passes_even_if_it_was_in_use_a_moment_ago():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass

    check_port("127.0.0.1", port, what="The API")


def test_an_address_that_is_not_this_machines_is_refused_by_name():
    with pytest.raises(CannotStart, match=r"^The API cannot listen on 192\.0\.2\.1:8000: Cannot assign"):
        check_port("192.0.2.1", 8000, what="The API")


def test_a_missing_chromium_comes_with_what_installs_it():
    with pytest.raises(CannotStart, match="make setup"):
        check_chromium("/nonexistent/chromium")


def test_the_first_death_costs_no_pause_and_each_next_one_a_longer_one():
    backoff = Backoff()

    pauses = [backoff.after(lived_s=1) for _ in range(len(PAUSES_S) + 2)]

    assert pauses == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]
    assert pauses[0] == 0


def test_what_has_lived_a_while_is_forgiven_all_deaths_before_it():
    backoff = Backoff(deaths=6)

    assert backoff.after(lived_s=STABLE_S) == 0


def test_a_log_is_kept_whole_up_to_its_limit_and_moved_aside_past_it(tmp_path):
    log = LogFile(tmp_path / "web.log")
    with log.path.open("ab") as child:
        child.truncate(MAX_BYTES)
        log.trim()
        assert log.path.stat().st_size == MAX_BYTES

        child.write(b"one more")
        child.flush()
        log.trim()
        child.write(b"and on it goes")

    assert log.path.read_bytes() == b"and on it goes"
    assert (tmp_path / "web.log.1").read_bytes().endswith(b"one more")


def test_the_tail_of_a_log_is_its_last_lines(tmp_path):
    log = LogFile(tmp_path / "web.log")
    log.path.write_text("x" * 10_000 + "\nlast but one\nlast\n")

    assert log.tail(2) == ["last but one", "last"]


def test_a_socket_in_the_scratch_directory_has_a_short_path_whatever_tmpdir_is(tmp_path, monkeypatch):
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))

    with scratch_dir(tmp_path) as scratch:
        assert len(str(scratch / "queue.sock")) < 107
        assert scratch.stat().st_mode & 0o777 == 0o700


def test_the_scratch_pointer_is_followed_nowhere_else(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / "scratch").symlink_to(precious)

    with scratch_dir(tmp_path) as scratch:
        assert Path(scratch).is_dir()

    assert precious.is_dir()
