"""Other programs are run quietly, within a limit, and cannot ask anything."""

from scrpy.management.tools import run
from tests.setup.conftest import alive
from tests.until import until


def test_both_streams_of_a_program_are_told():
    ran = run(["sh", "-c", "echo out; echo err >&2; echo $GREETING"], limit_s=10, env={"GREETING": "hello"})

    assert ran == (True, "out\nerr\nhello\n")


def test_a_program_that_fails_or_is_missing_is_an_answer():
    assert run(["false"], limit_s=10) == (False, "")
    assert not run(["/nonexistent/program"], limit_s=10).ok


def test_a_program_that_asks_gets_no_answer():
    assert not run(["sh", "-c", "read answer"], limit_s=10).ok


def test_a_program_that_hangs_is_stopped_with_all_that_it_started():
    ran = run(["sh", "-c", "sleep 300 & echo $!; wait"], limit_s=0.2)

    assert not ran.ok
    until(lambda: not alive(int(ran.output)), what="the sleeper gone")
