"""What the operator decides about egress: read from the environment by a process that starts."""

import json
from functools import partial

import pytest

from scraping.egress import Policy, check
from scraping.egress.policy import PORTS
from scrpy.addresses import canonical_pair, pair, postgres_pairs, redis_pairs
from tests.setup.operator import production

SHOW = """
import json
from django.conf import settings
policy = settings.EGRESS_POLICY
print(json.dumps([settings.SCRPY_SANDBOX, *(sorted(each) for each in (policy.allow, policy.ports, policy.own))]))
"""


@pytest.fixture
def make_start(manage):
    """`make_start(NAME=value, …)`: a process that reads the settings and prints the sandbox and the policy."""
    return partial(manage, "shell", "--no-imports", "-c", SHOW)


@pytest.fixture
def make_policy(make_start):
    """`make_policy(NAME=value, …)`: the sandbox, and what is allowed, the ports and what is our own, in order."""

    def policy(**env: str):
        ran = make_start(**env)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return policy


def test_nothing_inside_is_allowed_in_production_unless_the_operator_says_so(make_policy):
    _, allow, ports, own = make_policy(**production())

    assert (allow, ports, own) == ([], sorted(PORTS), ["127.0.0.1:8000"])


def test_further_ports_are_added_to_those_of_the_web(make_policy):
    _, _, ports, _ = make_policy(SCRPY_EGRESS_PORTS="8000, 9443,,65535,1")

    assert ports == sorted(PORTS | {8000, 9443, 65535, 1})


@pytest.mark.parametrize("bad", ["0", "65536", "http", "80-90", "-1", "\uff18\uff10", "80;81", "1e3"])
def test_a_port_that_is_none_stops_the_start_by_name(make_start, bad):
    ran = make_start(SCRPY_EGRESS_PORTS=f"8000,{bad}")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (f"scrpy cannot start: SCRPY_EGRESS_PORTS={bad}: expected a whole number from 1 to 65535.\n")


def test_our_own_services_are_refused_wherever_they_listen_on_tcp(make_policy):
    _, _, _, own = make_policy(
        SCRPY_HOST="::1",
        SCRPY_PORT="8800",
        SCRPY_PUBLIC_URL="http://localhost:8800",
        REDIS_URL="redis://:secret@Queue.example.com/3",
        DATABASE_URL="postgres://scrpy:secret@[2001:0db8::0001]/scrpy",
    )

    assert own == ["[2001:db8::1]:5432", "[::1]:8800", "queue.example.com:6379"]


def test_the_demo_shop_is_allowed_in_development_and_is_not_our_own(make_policy):
    sandbox, allow, _, own = make_policy(SCRPY_PORT="8800", SCRPY_EGRESS_ALLOW="LOCALHOST:080 , 0x7f.1:9000")

    assert allow == ["127.0.0.1:8801", "127.0.0.1:9000", "localhost:80", "localhost:8801"]
    assert own == ["127.0.0.1:8800"]
    assert sandbox == "auto"


@pytest.mark.parametrize(("said", "meant"), [("", "on"), ("auto", "on"), ("on", "on"), ("off", "off")])
def test_production_wants_the_sandbox_unless_it_is_told_not_to(make_policy, said, meant):
    sandbox, *_ = make_policy(**production(SCRPY_SANDBOX=said))

    assert sandbox == meant


@pytest.mark.parametrize("bad", ["http://10.0.0.5:80", "10.0.0.0/8:80", "*.example.com:80", "10.0.0.5", "10.0.0.5:0"])
def test_what_is_not_one_host_at_one_port_stops_the_start_with_a_sentence(make_start, bad):
    ran = make_start(SCRPY_EGRESS_ALLOW=f"127.0.0.1:8901,{bad}")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"scrpy cannot start: SCRPY_EGRESS_ALLOW={bad}: expected host:port pairs")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCRPY_EGRESS_ALLOW", "http://ann:pa55word@10.0.0.5:80"),
        ("REDIS_URL", "redis://ann:pa55word@que ue:6379/0"),
        ("REDIS_URL", "redis://ann:pa55word@queue:65536/0"),
        ("DATABASE_URL", "postgres://ann:pa55word@data^base:5432/scrpy"),
    ],
)
def test_a_bad_address_is_refused_by_name_and_without_the_password_in_it(make_start, name, value):
    ran = make_start(**{name: value})

    assert ran.returncode == 1
    assert ran.stderr.startswith(f"scrpy cannot start: {name}")
    assert "pa55word" not in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:8901", "127.0.0.1:8901"),
        ("0x7f.1:80", "127.0.0.1:80"),
        ("2130706433:80", "127.0.0.1:80"),
        ("0177.0.0.01:80", "127.0.0.1:80"),
        ("\uff11\uff12\uff17.\uff10.\uff10.\uff11:80", "127.0.0.1:80"),
        ("127。0。0。1:80", "127.0.0.1:80"),
        ("%31%32%37.0.0.1:80", "127.0.0.1:80"),
        ("127.0.0.1:080", "127.0.0.1:80"),
        ("LOCALHOST:80", "localhost:80"),
        ("\uff33\uff54\uff4f\uff52\uff45.example:443", "store.example:443"),
        ("bücher.example:443", "xn--bcher-kva.example:443"),
        ("[0:0::1]:80", "[::1]:80"),
        ("[FD00::00AB]:80", "[fd00::ab]:80"),
        ("[::ffff:10.0.0.1]:80", "[::ffff:a00:1]:80"),
    ],
)
def test_an_allowed_pair_is_what_the_gate_makes_of_its_url_however_it_is_spelled(written, meant):
    pair = canonical_pair(written)

    target = check(f"http://{written}/", Policy(allow=frozenset({pair})))
    assert (pair, target.host_key) == (meant, meant)


@pytest.mark.parametrize(
    "written",
    ["", ":", ":80", "a:", "a", "[::1]", "::1:80", "[::1:80", "a:65536", "a:99999999999", "a:8\uff10", "a:+80",
     "a:80:80", "http:a:80", "http://a:80", "//a:80", "a:80/", "a/:80", "a?:80", "a#:80", "a\\b:80", "u@a:80",
     "u:p@a:80", "*:80", "*.a:80", "10.0.0.*:80", "10.0.0.0/8:80", "[fd00::/8]:80", "a b:80", " a:80", "a\t:80",
     "a\n:80", "a\0:80", "256.0.0.1:80", "1.2.3.4.5:80", "[::1]a:80", "%2f:80", "%zz:80", "a%00b:80"],
)  # fmt: skip
def test_anything_else_is_no_pair(written):
    with pytest.raises(ValueError):  # noqa: PT011 - the parser of URLs words its own
        canonical_pair(written)


@pytest.mark.parametrize(
    ("url", "pairs"),
    [
        ("redis://10.0.0.9:6400/0", {"10.0.0.9:6400"}),
        ("redis://:6400", {"localhost:6400"}),
        ("redis://", {"localhost:6379"}),
        ("rediss://user:word@queue.example.com/0", {"queue.example.com:6379"}),
        ("redis://[::1]/0", {"[::1]:6379"}),
        ("unix:///run/valkey.sock", set()),
        ("unix://user:word@/run/valkey.sock?db=1", set()),
    ],
)
def test_a_queue_has_a_pair_where_it_listens_on_tcp(url, pairs):
    assert redis_pairs(url) == pairs


@pytest.mark.parametrize(
    ("database", "pairs"),
    [
        ({"HOST": "10.0.0.9", "PORT": 6000}, {"10.0.0.9:6000"}),
        ({"HOST": "::1", "PORT": ""}, {"[::1]:5432"}),
        ({"HOST": "a,[::1],b", "PORT": "1,2,3"}, {"a:1", "[::1]:2", "b:3"}),
        ({"HOST": "a,b", "PORT": 6000}, {"a:6000", "b:6000"}),
        ({"HOST": "", "PORT": "", "OPTIONS": {"host": "10.0.0.9"}}, {"10.0.0.9:5432"}),
        ({"HOST": "/run/postgresql", "PORT": 5432}, set()),
        ({"HOST": "", "PORT": ""}, set()),
        ({"NAME": "scrpy.sqlite3"}, set()),
    ],
)
def test_a_database_has_a_pair_at_each_host_where_it_listens_on_tcp(database, pairs):
    assert postgres_pairs(database) == pairs


def test_the_address_to_listen_on_may_be_one_of_ipv6():
    assert (pair("::", 8000), pair("0.0.0.0", 8000)) == ("[::]:8000", "0.0.0.0:8000")
