"""`up` over toy programs: what dies comes back, what stops stops in order, and nothing is left."""

import os
import signal

import redis

from scrpy.supervisor.valkey import ping, server_command, url_of
from tests.setup.conftest import alive
from tests.until import until

STEADY = "note('pids'); block()"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note('pids'); block()"


def test_a_child_that_is_killed_is_started_again_at_once_and_then_after_a_pause(make_toy):
    toy = make_toy({"worker-1": STEADY})

    for death in (1, 2):
        os.kill(int(toy.waits_for_note("pids", death)[-1]), signal.SIGKILL)
    toy.waits_for_note("pids", 3)

    assert toy.said().count("worker-1 died (killed by SIGKILL); it starts again\n") == 1
    assert toy.said().count("worker-1 died (killed by SIGKILL); it starts again in 0.5 s\n") == 1


def test_the_end_of_each_worker_process_is_told_by_its_pid(make_toy):
    toy = make_toy({"worker-1": STEADY})

    os.kill(int(toy.waits_for_note("pids")[0]), signal.SIGKILL)
    toy.waits_for_note("pids", 2)
    toy.ends(signal.SIGTERM)

    assert [f"worker ended {pid}" in toy.said() for pid in toy.noted("pids")] == [True, True]


def test_what_a_killed_worker_had_started_is_killed_too_in_its_group_and_out_of_it(make_toy):
    toy = make_toy(
        {
            "worker-1": "same = subprocess.Popen(['sleep', '300']); note('started', same.pid)\n"
            "other = subprocess.Popen(['sleep', '300'], start_new_session=True); note('started', other.pid)\n" + STEADY
        }
    )
    started = [int(pid) for pid in toy.waits_for_note("started", 2)]

    os.kill(int(toy.waits_for_note("pids")[0]), signal.SIGKILL)

    until(lambda: not any(alive(pid) for pid in started), what="both gone")


def test_children_stop_in_order_and_only_when_those_before_them_have(make_toy):
    code = (
        "def stop(*_): note('stops', {0!r} + '-begins'); time.sleep(.05); note('stops', {0!r} + '-ends'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop); note('pids'); block()"
    )
    names = ("queue", "web", "worker-1", "webhooks")
    toy = make_toy(*({name: code.format(name)} for name in names))
    toy.waits_for_note("pids", len(names))

    assert toy.ends(signal.SIGTERM) == 0

    order = ("worker-1", "webhooks", "web", "queue")
    assert toy.noted("stops") == [f"{name}-{moment}" for name in order for moment in ("begins", "ends")]
    assert not any(alive(int(pid)) for pid in toy.noted("pids"))


def test_a_child_that_does_not_stop_is_killed_when_its_time_is_over(make_toy):
    toy = make_toy({"worker-1": STUBBORN, "web": STEADY})
    toy.waits_for_note("pids", 2)

    assert toy.ends(signal.SIGTERM) == 0

    assert "worker-1 did not stop in time and was killed" in toy.said()
    assert not any(alive(int(pid)) for pid in toy.noted("pids"))


def test_a_second_ctrl_c_kills_what_still_runs(make_toy):
    toy = make_toy({"worker-1": STUBBORN})
    toy.waits_for_note("pids")

    toy.process.send_signal(signal.SIGINT)
    toy.waits_until_it_says("Stopping")
    assert toy.ends(signal.SIGINT) == 0

    assert "did not stop in time" not in toy.said()
    assert not alive(int(toy.noted("pids")[0]))


def test_a_doubled_sigterm_is_one_sigterm(make_toy):
    toy = make_toy({"worker-1": "signal.signal(signal.SIGTERM, lambda *_: (note('politely'), sys.exit())); " + STEADY})
    toy.waits_for_note("pids")

    toy.ends(signal.SIGTERM, signal.SIGTERM, signal.SIGHUP)

    assert toy.noted("politely") == toy.noted("pids")


def test_no_child_outlives_a_supervisor_that_is_killed(make_toy):
    toy = make_toy({"worker-1": STUBBORN, "web": STUBBORN})
    pids = toy.waits_for_note("pids", 2)

    toy.ends(signal.SIGKILL)

    until(lambda: not any(alive(int(pid)) for pid in pids), what="both gone")


def test_a_program_that_cannot_start_is_named_with_its_last_words_and_all_stop_again(make_toy):
    toy = make_toy({"web": STEADY, "worker-1": "sys.exit('no such module: colour')"}, {})

    assert toy.process.wait(30) == 1

    assert "worker-1 does not start: exit status 1, 5 times." in toy.said()
    assert "    no such module: colour" in toy.said()
    assert not alive(int(toy.noted("pids")[0]))


def test_nothing_temporary_is_left(make_toy):
    toy = make_toy({"worker-1": "Path(os.environ['TMPDIR'], 'profile').mkdir(); " + STEADY})
    toy.waits_for_note("pids")
    scratch = toy.scratch()
    assert (scratch / "worker-1" / "profile").is_dir()

    toy.ends(signal.SIGTERM)

    assert not scratch.exists()
    assert not (toy.home / "scratch").is_symlink()


def test_what_a_killed_supervisor_left_is_removed_by_the_next(make_toy):
    first = make_toy({"web": STEADY})
    first.waits_for_note("pids")
    left = first.scratch()
    first.ends(signal.SIGKILL)
    assert left.is_dir()

    second = make_toy({"web": STEADY})
    second.waits_for_note("pids", 2)

    assert not left.exists()


def test_a_killed_valkey_is_back_on_the_same_socket_and_never_on_a_tcp_port(make_toy, tmp_path_factory):
    socket = tmp_path_factory.mktemp("q") / "queue.sock"
    toy = make_toy({"queue": server_command(socket)})
    until(lambda: not ping(socket), what="Valkey")
    with redis.Redis.from_url(url_of(socket)) as client:
        pid = client.info("server")["process_id"]
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}

    os.kill(pid, signal.SIGKILL)
    toy.waits_until_it_says("queue died (killed by SIGKILL)")

    until(lambda: not ping(socket), what="Valkey again")
    with redis.Redis.from_url(url_of(socket)) as client:
        assert client.info("server")["process_id"] != pid
