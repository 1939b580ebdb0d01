"""What the operator decides about kept files: read from the environment by a process that starts."""

import json
from functools import partial

import pytest

from scrpy import settings as ours
from tests.setup.operator import production

SHOW = """
import json
from django.conf import settings
storage = settings.STORAGES["kept"]
shown = [storage["BACKEND"], storage["OPTIONS"], settings.SCRPY_KEPT_BYTES, settings.SCRPY_KEEP_HTML]
print(json.dumps(shown, default=str))
"""


@pytest.fixture
def make_start(manage):
    """`make_start(NAME=value, …)`: a process that reads the settings and prints those of kept files."""
    return partial(manage, "shell", "--no-imports", "-c", SHOW)


def test_unless_told_files_are_kept_at_home_by_the_gibibyte(make_start, tmp_path):
    backend, options, most_bytes, html = json.loads(make_start(**production()).stdout)

    assert (backend, options["location"]) == ("jobs.artifacts.disk.Disk", str(tmp_path / "kept"))
    assert (most_bytes, html) == (10 * 2**30, True)


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("5000000", 5_000_000), ("8K", 8_192), ("500M", 500 * 2**20), ("2G", 2 * 2**30)]
)
def test_sizes_are_bytes_or_powers_of_1024(monkeypatch, text, size):
    monkeypatch.setenv("SCRPY_KEPT_BYTES", text)

    assert ours.size("SCRPY_KEPT_BYTES", 1) == size


@pytest.mark.parametrize("bad", ["-1", "10GB", "1.5G", "G", "1e9", "10g", " 5", "\uff18", "1T"])
def test_a_size_that_is_none_is_refused_by_name(monkeypatch, bad):
    monkeypatch.setenv("SCRPY_KEPT_BYTES", bad)

    with pytest.raises(ours.ImproperlyConfigured, match=r"^SCRPY_KEPT_BYTES=.*such as 5000000, 500M or 10G\.$"):
        ours.size("SCRPY_KEPT_BYTES", 1)


def test_html_is_not_kept_where_the_operator_says_so(make_start):
    assert json.loads(make_start(SCRPY_KEEP_HTML="false").stdout)[3] is False


@pytest.fixture
def s3_installed(monkeypatch):
    monkeypatch.setattr(ours, "find_spec", lambda name: name)


@pytest.mark.parametrize(
    ("address", "name", "prefix"),
    [
        ("s3://files", "files", ""),
        ("s3://files/", "files", ""),
        ("s3://my.files-7/scrpy/kept/", "my.files-7", "scrpy/kept"),
    ],
)
def test_a_bucket_is_read_from_its_address(s3_installed, address, name, prefix):
    options = ours.bucket(address)

    assert (options["bucket_name"], options["location"]) == (name, prefix)


@pytest.mark.parametrize(
    "bad", ["s3://", "s3:/files", "files", "/var/files", "https://files", "s3://F", "s3://a/../b", "s3://files/?x=1"]
)
def test_an_address_that_is_no_bucket_is_refused_by_name(s3_installed, bad):
    with pytest.raises(ours.ImproperlyConfigured, match=r"^SCRPY_STORAGE=.*: expected s3://bucket or s3://bucket/pre"):
        ours.bucket(bad)


def test_a_bucket_is_refused_by_name_where_what_it_needs_is_not_installed(monkeypatch):
    monkeypatch.setattr(ours, "find_spec", lambda name: None if name == "boto3" else name)

    with pytest.raises(ours.ImproperlyConfigured, match=r"^SCRPY_STORAGE=s3://files/a: S3 needs .*requirements-s3\.in"):
        ours.bucket("s3://files/a")


def test_a_bad_address_stops_the_start_and_its_refusal_shows_no_password(make_start):
    ran = make_start(SCRPY_STORAGE="s3://alice:wonderland@files")

    assert ran.returncode == 1
    assert "SCRPY_STORAGE=files: expected" in ran.stderr
    assert "wonderland" not in ran.stderr
