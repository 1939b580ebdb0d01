"""Dialling: a name is resolved once, every address is judged, and the connection leads to one that was."""

import asyncio
import errno
import socket
import threading
import time

import pytest

from scraping.egress import Policy, dial
from scraping.egress.dial import Dialler, pair, system_lookup
from scraping.egress.policy import LISTENERS
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError, ScrapeError
from tests.scraping.raw import closed_port, origin, run, settled, silent_port, until

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254", "172.31.0.1", "192.168.1.1",
    "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1",
    "fe80::1%lo", "fd00::1", "ff02::1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:db8::1", "::1%1",
]  # fmt: skip


class Resolver:
    """A lookup that answers as it is told, and keeps what it was asked."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", "."): answer for name, answer in answers.items()}
        self.asked = []

    def __call__(self, host):
        self.asked.append(host)
        answer = self.answers[host]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def make_dialler():
    diallers = []

    def make(lookup, *, allow=(), own=(), threads=8):
        dialler = Dialler(Policy(allow=frozenset(allow), own=frozenset(own)), lookup=lookup, threads=threads)
        diallers.append(dialler)
        return dialler

    yield make
    for dialler in diallers:
        dialler.close()


@pytest.fixture
def dialled(monkeypatch):
    """The addresses that are dialled from now on, in vain: none of them is reached."""
    dialled = []

    async def start_connection(infos, **_options):
        dialled.extend(address[0] for *_, address in infos)
        raise ConnectionRefusedError

    monkeypatch.setattr(dial.aiohappyeyeballs, "start_connection", start_connection)
    return dialled


async def accept(_reader, writer):
    writer.write(b"here")


async def connect(dialler, host, port, lookups=None):
    """Connect, and give what the other side is and says; the socket is closed."""
    with await dialler.connect(host, port, lookups=lookups or asyncio.Semaphore(4)) as connected:
        return connected.getpeername()[0], await asyncio.get_running_loop().sock_recv(connected, 4)


# ---------------------------------------------------------------- judging


@pytest.mark.parametrize("host", ["store.com", "[2606:4700::1]", "8.8.8.8"])
def test_a_public_host_is_dialled_at_the_addresses_that_were_judged(make_dialler, dialled, host):
    resolver = Resolver(store_com=["8.8.4.4", "2606:4700::2", "8.8.4.4"])

    with pytest.raises(ConnectionFailed, match="refused"):
        run(connect(make_dialler(resolver), host, 443))

    assert dialled == (["8.8.4.4", "2606:4700::2"] if host == "store.com" else [host.strip("[]")])
    assert resolver.asked == (["store.com"] if host == "store.com" else [])


def test_a_public_address_of_this_very_machine_leads_behind_its_firewall(make_dialler, dialled, monkeypatch):
    monkeypatch.setattr(dial, "is_public", lambda _: True)
    resolver = Resolver(store_com=["127.0.0.1"])

    with pytest.raises(BlockedAddress):
        run(connect(make_dialler(resolver), "store.com", 443))

    assert dialled == []


@pytest.mark.parametrize("inside", INSIDE)
def test_one_address_inside_among_several_blocks_the_name_and_nothing_is_dialled(make_dialler, dialled, inside):
    resolver = Resolver(store_com=["8.8.8.8", inside, "2606:4700::1"])

    with pytest.raises(BlockedAddress, match=r"^store\.com leads to") as refusal:
        run(connect(make_dialler(resolver), "store.com", 80))

    assert dialled == []
    assert inside not in str(refusal.value)
    assert resolver.asked == ["store.com"]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "0.0.0.0", "169.254.169.254"])
def test_a_literal_address_inside_is_blocked_without_a_lookup(make_dialler, dialled, host):
    resolver = Resolver()

    with pytest.raises(BlockedAddress):
        run(connect(make_dialler(resolver), host, 80))

    assert (dialled, resolver.asked) == ([], [])


@pytest.mark.parametrize(
    "answer",
    [
        [],
        (),
        OSError("resolver down"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure"),
        socket.herror(1, "Unknown host"),
        TimeoutError("resolver"),
        UnicodeError("label empty or too long"),
        UnicodeEncodeError("idna", "a", 0, 1, "label too long"),
        ValueError("embedded null byte"),
        ["junk"],
        ["8.8.8.8", "junk"],
        ["8.8.8.8", ""],
        ["8.8.8.8:80"],
        ["127.1"],
        ["0x7f000001"],
        ["8.8.8.8/32"],
        ["%eth0"],
    ],
)
def test_a_resolver_that_fails_or_answers_junk_is_a_dns_error(make_dialler, dialled, answer):
    dialler = make_dialler(Resolver(store_com=answer))

    with pytest.raises(DnsError, match=r"^The name store\.com has no address\.$"):
        run(connect(dialler, "store.com", 80))

    assert dialled == []


@pytest.mark.parametrize("host", ["a" * 64 + ".com", "a..com", ".com", "a" * 300, "\u2024com", "a\0.com"])
def test_a_name_that_no_resolver_takes_is_a_dns_error(make_dialler, dialled, host):
    with pytest.raises(DnsError):
        run(connect(make_dialler(system_lookup), host, 80))

    assert dialled == []


def test_the_systems_resolver_gives_addresses_alone():
    assert set(system_lookup("127.0.0.1")) == {"127.0.0.1"}


# ---------------------------------------------------------------- what is allowed, and what is not all the same


@pytest.mark.parametrize("by", ["name", "address"])
def test_what_is_allowed_is_reached_although_it_is_inside(make_dialler, by):
    async def work():
        async with origin(accept) as port:
            allowed = f"store.com:{port}" if by == "name" else f"127.0.0.1:{port}"
            return await connect(make_dialler(Resolver(store_com=["127.0.0.1"]), allow=[allowed]), "store.com", port)

    assert run(work()) == ("127.0.0.1", b"here")


def test_an_allowed_address_of_ipv6_is_named_in_brackets(make_dialler, dialled):
    with pytest.raises(ConnectionFailed):
        run(connect(make_dialler(Resolver(store_com=["fd00::1"]), allow=["[fd00::1]:81"]), "store.com", 81))

    assert dialled == ["fd00::1"]


@pytest.mark.parametrize("allowed", ["store.com:81", "127.0.0.1:81", "127.0.0.2:80", "other.com:80", "127.0.0.1"])
def test_what_is_allowed_is_allowed_at_its_own_port_alone(make_dialler, dialled, allowed):
    with pytest.raises(BlockedAddress):
        run(connect(make_dialler(Resolver(store_com=["127.0.0.1"]), allow=[allowed]), "store.com", 80))

    assert dialled == []


def test_an_allowed_address_does_not_allow_the_others_of_its_name(make_dialler, dialled):
    with pytest.raises(BlockedAddress):
        run(connect(make_dialler(Resolver(a_com=["127.0.0.1", "127.0.0.2"]), allow=["127.0.0.1:80"]), "a.com", 80))

    assert dialled == []


def addresses_of_this_machine():
    """Other spellings of here, and the address that others know this machine by, if it has one."""
    yield from ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        try:
            unsent.connect(("192.0.2.1", 9))
        except OSError:
            return
        yield unsent.getsockname()[0]


@pytest.mark.parametrize("address", list(addresses_of_this_machine()))
@pytest.mark.parametrize("own", ["127.0.0.1:5432", "0.0.0.0:5432", "[::1]:5432", "db.com:5432"])
def test_scrpys_own_services_are_refused_although_they_are_allowed(make_dialler, dialled, address, own):
    resolver = Resolver(store_com=[address], db_com=["127.0.0.1"])
    named = f"[{address}]:5432" if ":" in address else f"{address}:5432"
    dialler = make_dialler(resolver, allow=["store.com:5432", named, own], own=[own])

    with pytest.raises(BlockedAddress):
        run(connect(dialler, "store.com", 5432))

    assert dialled == []


def test_an_own_service_elsewhere_is_refused_by_any_name(make_dialler, dialled):
    resolver = Resolver(store_com=["10.0.0.5"], db_com=["10.0.0.4", "10.0.0.5"])

    with pytest.raises(BlockedAddress):
        run(connect(make_dialler(resolver, allow=["store.com:5432"], own=["db.com:5432"]), "store.com", 5432))

    assert dialled == []


@pytest.mark.parametrize("own", ["127.0.0.1:5433", "10.0.0.4:5432", "gone.com:5432"])
def test_another_port_or_host_than_that_of_an_own_service_is_reached(make_dialler, dialled, own):
    resolver = Resolver(store_com=["10.0.0.5"], gone_com=OSError())

    with pytest.raises(ConnectionFailed):
        run(connect(make_dialler(resolver, allow=["store.com:5432"], own=[own]), "store.com", 5432))

    assert dialled == ["10.0.0.5"]


@pytest.mark.parametrize("lookup", [OSError(), ["junk"], UnicodeError()])
def test_an_own_service_whose_name_has_no_address_stops_nothing_else(make_dialler, dialled, lookup):
    resolver = Resolver(store_com=["8.8.8.8"], db_com=lookup)

    with pytest.raises(ConnectionFailed):
        run(connect(make_dialler(resolver, own=["db.com:443"]), "store.com", 443))

    assert dialled == ["8.8.8.8"]


@pytest.mark.parametrize("spelling", [LISTENERS, f"::ffff:{LISTENERS}"])
def test_the_listeners_of_lanes_are_refused_although_they_are_allowed(make_dialler, dialled, spelling):
    dialler = make_dialler(Resolver(store_com=[spelling]), allow=["store.com:80", f"{LISTENERS}:80"])

    with pytest.raises(BlockedAddress):
        run(connect(dialler, "store.com", 80))

    assert dialled == []


def test_without_descriptors_any_address_counts_as_this_machines(make_dialler, dialled, monkeypatch):
    class NoSocket:
        def __init__(self, *_):
            raise OSError(errno.EMFILE, "Too many open files")

    dialler = make_dialler(Resolver(store_com=["8.8.8.8"]), own=["127.0.0.1:443"])
    addresses = dialler._judge("store.com", 80)
    assert [str(address) for address in addresses.result()] == ["8.8.8.8"]

    monkeypatch.setattr(dial.socket, "socket", NoSocket)
    with pytest.raises(BlockedAddress):
        dialler._judge("store.com", 443).result()


# ---------------------------------------------------------------- names that change


def test_a_name_is_looked_up_once_and_remembered(make_dialler):
    resolver = Resolver(store_com=["127.0.0.1"])

    async def work():
        async with origin(accept) as port:
            dialler = make_dialler(resolver, allow=[f"store.com:{port}"])
            return [await connect(dialler, "store.com", port) for _ in range(3)]

    assert run(work()) == [("127.0.0.1", b"here")] * 3
    assert resolver.asked == ["store.com"]


def test_a_name_that_changes_its_answer_leads_to_what_was_judged(make_dialler, dialled):
    answers = [["8.8.8.8"], ["127.0.0.1"], ["8.8.8.8"]]
    dialler = make_dialler(Resolver(store_com=lambda: answers.pop(0)))

    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            run(connect(dialler, "store.com", 80))

    assert dialled == ["8.8.8.8", "8.8.8.8"]
    assert len(answers) == 2


def test_what_has_been_remembered_for_long_is_judged_anew(make_dialler, dialled, monkeypatch):
    monkeypatch.setattr(dial, "REMEMBERED_S", 0)
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    dialler = make_dialler(Resolver(store_com=lambda: answers.pop(0)))

    with pytest.raises(ConnectionFailed):
        run(connect(dialler, "store.com", 80))
    with pytest.raises(BlockedAddress):
        run(connect(dialler, "store.com", 80))

    assert dialled == ["8.8.8.8"]


def test_what_is_remembered_for_one_port_is_judged_anew_for_another(make_dialler, dialled):
    resolver = Resolver(store_com=["127.0.0.1"])
    dialler = make_dialler(resolver, allow=["store.com:81"])

    with pytest.raises(ConnectionFailed):
        run(connect(dialler, "store.com", 81))
    with pytest.raises(BlockedAddress):
        run(connect(dialler, "store.com", 80))


@pytest.mark.parametrize("answer", [["127.0.0.1"], OSError()])
def test_a_refusal_is_not_remembered(make_dialler, dialled, answer):
    resolver = Resolver(store_com=answer)
    dialler = make_dialler(resolver)

    with pytest.raises(ScrapeError):
        run(connect(dialler, "store.com", 80))
    resolver.answers["store.com"] = ["8.8.8.8"]
    with pytest.raises(ConnectionFailed):
        run(connect(dialler, "store.com", 80))

    assert dialled == ["8.8.8.8"]


def test_not_more_names_are_remembered_than_there_is_room_for(make_dialler, dialled, monkeypatch):
    monkeypatch.setattr(dial, "MOST_REMEMBERED", 10)
    dialler = make_dialler(lambda _host: ["8.8.8.8"])

    async def work():
        for number in range(35):
            with pytest.raises(ConnectionFailed):
                await connect(dialler, f"{number}.com", 80)
            assert len(dialler._remembered) <= 10

    run(work())


@pytest.mark.parametrize("peer", ["elsewhere", "reset"])
def test_a_connection_that_leads_elsewhere_is_closed(make_dialler, monkeypatch, peer):
    strays = []

    async def start_connection(_infos, **_options):
        stray = socket.socket() if peer == "reset" else socket.create_connection(("127.0.0.1", port))
        strays.append(stray)
        return stray

    monkeypatch.setattr(dial.aiohappyeyeballs, "start_connection", start_connection)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(BlockedAddress if peer == "elsewhere" else ConnectionFailed):
            run(connect(make_dialler(Resolver(store_com=["8.8.8.8"])), "store.com", 80))

    assert [stray.fileno() for stray in strays] == [-1]


# ---------------------------------------------------------------- look-ups that take their time


@pytest.fixture
def hanging(make_dialler):
    """A dialler whose look-ups of `slow*.com` wait for the event to be set; it is set in the end."""
    answered = threading.Event()

    def lookup(host):
        asked.append(host)
        if host.startswith("slow"):
            answered.wait(60)
        raise OSError

    asked = []
    dialler = make_dialler(lookup)
    yield dialler, asked, answered
    answered.set()


async def fails(dialler, host, lookups):
    with pytest.raises(DnsError):
        await connect(dialler, host, 80, lookups)
    return host


def test_a_look_up_that_hangs_holds_up_neither_the_loop_nor_other_lanes(hanging):
    dialler, asked, answered = hanging

    async def work():
        hers, his = asyncio.Semaphore(2), asyncio.Semaphore(2)
        hanging = [asyncio.create_task(fails(dialler, f"slow{number}.com", hers)) for number in range(3)]
        await until(lambda: len(asked) == 2)
        assert await fails(dialler, "fast.com", his) == "fast.com"
        assert asked == ["slow0.com", "slow1.com", "fast.com"]
        answered.set()
        await asyncio.gather(*hanging)

    run(work())

    assert asked[-1] == "slow2.com"


def test_a_look_up_that_was_given_up_keeps_its_place_until_it_is_over(hanging):
    dialler, asked, answered = hanging

    async def work():
        hers, his = asyncio.Semaphore(2), asyncio.Semaphore(2)
        given_up = [asyncio.create_task(fails(dialler, f"slow{number}.com", hers)) for number in range(2)]
        await until(lambda: len(asked) == 2)
        for task in given_up:
            task.cancel()
        waiting = asyncio.create_task(fails(dialler, "third.com", hers))
        await fails(dialler, "fast.com", his)
        await settled()
        assert "third.com" not in asked
        answered.set()
        await waiting

    run(work())


def test_a_look_up_that_takes_too_long_is_a_dns_error(hanging, monkeypatch):
    monkeypatch.setattr(dial, "LOOKUP_TIMEOUT_S", 0.01)
    dialler, _, answered = hanging

    async def work():
        lookups = asyncio.Semaphore(1)
        for host in ("slow.com", "waiting.com"):
            with pytest.raises(DnsError, match=r"could not be looked up within 0\.01 s"):
                await connect(dialler, host, 80, lookups)
        answered.set()
        await until(lambda: not lookups.locked())

    run(work())


def test_a_look_up_that_outlives_its_loop_harms_nobody(hanging, caplog):
    dialler, asked, answered = hanging

    async def work():
        task = asyncio.create_task(connect(dialler, "slow.com", 80))
        await until(lambda: asked)
        task.cancel()

    run(work())
    answered.set()
    dialler._threads.shutdown()

    assert caplog.records == []


def test_what_waits_for_a_thread_when_the_dialler_closes_is_not_looked_up(make_dialler):
    answered = threading.Event()
    asked = []

    def lookup(host):
        asked.append(host)
        answered.wait(60)
        raise OSError

    dialler = make_dialler(lookup, threads=1)

    async def work():
        tasks = [asyncio.create_task(connect(dialler, f"{number}.com", 80)) for number in range(2)]
        await until(lambda: asked)
        await settled()
        dialler.close()
        answered.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    errors = run(work())

    assert [type(error) for error in errors] == [DnsError, asyncio.CancelledError]
    assert asked == ["0.com"]


# ---------------------------------------------------------------- connecting


def test_when_the_first_address_is_dead_the_second_is_tried(make_dialler):
    async def work():
        async with origin(accept) as port:
            resolver = Resolver(store_com=["127.0.0.2", "127.0.0.1"])
            return await connect(make_dialler(resolver, allow=[f"store.com:{port}"]), "store.com", port)

    assert run(work()) == ("127.0.0.1", b"here")


def test_when_the_first_address_keeps_silent_the_second_is_tried_beside_it(make_dialler, monkeypatch):
    monkeypatch.setattr(dial, "NEXT_ADDRESS_AFTER_S", 0.01)

    async def work():
        async with origin(accept) as port:
            with silent_port("127.0.0.2", port):
                resolver = Resolver(store_com=["127.0.0.2", "127.0.0.1"])
                return await connect(make_dialler(resolver, allow=[f"store.com:{port}"]), "store.com", port)

    assert run(work()) == ("127.0.0.1", b"here")


def test_a_mapped_address_is_dialled_as_the_one_it_stands_for(make_dialler):
    async def work():
        async with origin(accept) as port:
            resolver = Resolver(store_com=["::ffff:127.0.0.1"])
            return await connect(make_dialler(resolver, allow=[f"127.0.0.1:{port}"]), "store.com", port)

    assert run(work()) == ("127.0.0.1", b"here")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
def test_when_nobody_accepts_the_connection_has_failed(make_dialler, addresses):
    with closed_port() as port, pytest.raises(ConnectionFailed) as failure:
        run(connect(make_dialler(Resolver(a_com=addresses), allow=[f"a.com:{port}"]), "a.com", port))

    assert "127.0.0" not in str(failure.value)


def test_when_nobody_answers_the_connection_fails_in_time(make_dialler, monkeypatch):
    monkeypatch.setattr(dial, "CONNECT_TIMEOUT_S", 0.01)

    with silent_port() as port, pytest.raises(ConnectionFailed, match="did not accept a connection within"):
        run(connect(make_dialler(Resolver(a_com=["127.0.0.1"]), allow=[f"a.com:{port}"]), "a.com", port))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
def test_giving_up_in_the_middle_of_connecting_leaves_no_socket(make_dialler, monkeypatch, addresses):
    opened = []

    class Counted(socket.socket):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            if options:
                opened.append(self)

    monkeypatch.setattr(dial, "NEXT_ADDRESS_AFTER_S", 0.001)

    async def work(port):
        task = asyncio.create_task(connect(make_dialler(Resolver(a_com=addresses), allow=allowed), "a.com", port))
        await until(lambda: len(opened) == len(addresses))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with silent_port() as port, silent_port("127.0.0.2", port):
        allowed = [f"a.com:{port}"]
        monkeypatch.setattr(socket, "socket", Counted)
        run(work(port))

    assert [connecting.fileno() for connecting in opened] == [-1] * len(addresses)


# ---------------------------------------------------------------- in a thread that may wait


def blocking(dialler, host, port, within_s=60):
    with dialler.connect_blocking(host, port, deadline=time.monotonic() + within_s) as connected:
        return connected.getpeername()[0]


def test_a_thread_connects_to_the_first_address_that_accepts(make_dialler):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        dialler = make_dialler(Resolver(a_com=["127.0.0.2", "127.0.0.1"]), allow=[f"a.com:{port}"])

        assert blocking(dialler, "a.com", port) == "127.0.0.1"


def test_a_thread_goes_on_to_the_next_address_when_the_first_keeps_silent(make_dialler):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        dialler = make_dialler(Resolver(a_com=["127.0.0.2", "127.0.0.1"]), allow=[f"a.com:{port}"])
        with silent_port("127.0.0.2", port):
            assert blocking(dialler, "a.com", port, within_s=2) == "127.0.0.1"


def test_a_thread_is_refused_what_is_inside(make_dialler):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with pytest.raises(BlockedAddress):
            blocking(make_dialler(Resolver(a_com=["8.8.8.8", "127.0.0.1"])), "a.com", server.getsockname()[1])
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_thread_hears_that_nobody_accepts(make_dialler):
    with closed_port() as port, pytest.raises(ConnectionFailed, match=f"a.com accepts no connections at port {port}"):
        blocking(make_dialler(Resolver(a_com=["127.0.0.1"]), allow=[f"a.com:{port}"]), "a.com", port)


@pytest.mark.parametrize("within_s", [-1, 0, 0.01])
def test_a_thread_waits_for_no_connection_after_its_deadline(make_dialler, within_s):
    with silent_port() as port, pytest.raises(TimeoutError):
        blocking(make_dialler(Resolver(a_com=["127.0.0.1"]), allow=[f"a.com:{port}"]), "a.com", port, within_s)


def test_a_thread_waits_for_no_look_up_after_its_deadline(hanging):
    dialler, _, _ = hanging

    with pytest.raises(TimeoutError):
        blocking(dialler, "slow.com", 80, 0.01)


def test_a_connection_of_a_thread_that_leads_elsewhere_is_closed(make_dialler, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stray = socket.create_connection(server.getsockname())
        monkeypatch.setattr(dial.socket, "create_connection", lambda *_, **__: stray)

        with pytest.raises(BlockedAddress):
            blocking(make_dialler(Resolver(a_com=["8.8.8.8"])), "a.com", 80)

    assert stray.fileno() == -1


@pytest.mark.parametrize(("address", "named"), [("8.8.8.8", "8.8.8.8:80"), ("fd00::1", "[fd00::1]:80")])
def test_a_pair_is_written_as_allow_lists_have_it(address, named):
    assert pair(dial._plain(address), 80) == named
