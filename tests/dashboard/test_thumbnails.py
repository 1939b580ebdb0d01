"""Pictures of pages, made small for lists of them."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from jobs.artifacts.files import remove_all
from jobs.artifacts.thumbnails import MOST_PIXELS, make_thumbnail, shrunk, top_of
from jobs.models import Artifact, Job, Page
from scraping.options import Output
from tests.dashboard import making

RED, BLUE = (200, 0, 0), (0, 0, 200)


def png(size, colour=RED, mode="RGB", **how):
    answer = BytesIO()
    Image.new(mode, size, colour).save(answer, "PNG", **how)
    return answer.getvalue()


def red_over_blue(*, width, red, blue):
    picture = Image.new("RGB", (width, red + blue), RED)
    picture.paste(BLUE, (0, red, width, red + blue))
    answer = BytesIO()
    picture.save(answer, "PNG")
    return answer.getvalue()


def claiming(width, height, *, interlaced=0, data=b"\0" * 100):
    """A picture whose head says what it likes."""
    parts = (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, interlaced)), (b"IDAT", zlib.compress(data))
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (*parts, (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def opened(content):
    return Image.open(BytesIO(content))


@pytest.fixture
def pictured(alice, make_job, kept):
    """A job of one page, which has a picture."""
    job = make_job(alice, completed=1, options='{"outputs":["screenshot"]}')
    making.keep(job.pages.get(), Output.SCREENSHOT, "image/png", png((1280, 800)))
    Job.objects.update(kept_bytes=Artifact.objects.get().stored_bytes)
    return job


def adds_up(job):
    return Job.objects.get(pk=job.pk).kept_bytes == sum(job.artifacts.values_list("stored_bytes", flat=True))


def path(job, index=0):
    return f"/dashboard/jobs/{job.public_id}/pages/{index}/thumbnail/"


def test_it_is_small_and_made_once(ada, pictured, django_assert_num_queries):
    first = ada.get(path(pictured))
    with django_assert_num_queries(4):
        second = ada.get(path(pictured))

    assert (first["Content-Type"], first["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert opened(first.content).size == (144, 90)
    assert second.content == first.content
    assert Artifact.objects.filter(output="thumbnail", shown=False).count() == 1


def test_what_it_takes_is_counted(ada, pictured):
    ada.get(path(pictured))

    assert adds_up(pictured)


def test_a_browser_that_has_it_asks_no_more(ada, pictured):
    first = ada.get(path(pictured))

    again = ada.get(path(pictured), headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert "max-age=86400" in first["Cache-Control"]
    assert "private" in first["Cache-Control"]


def test_two_who_look_at_once_have_it_made_once(pictured, at_once):
    picture = Artifact.objects.select_related("job", "page").get()

    made = at_once(*[lambda: make_thumbnail(picture)] * 4)

    assert {one.pk for one in made} == {Artifact.objects.get(output="thumbnail").pk}
    assert adds_up(pictured)


def test_of_a_long_page_the_top_is_shown():
    small = opened(shrunk(red_over_blue(width=320, red=200, blue=9_000)))

    assert all(abs(got - meant) < 16 for got, meant in zip(small.getpixel((72, 88)), RED, strict=True))


def test_what_is_below_is_never_unpacked():
    content = red_over_blue(width=320, red=400, blue=4_000)
    spoilt = content[: len(content) // 2]

    assert shrunk(spoilt) == shrunk(content)


@pytest.mark.parametrize("size", [(1, 1), (1, 16_384), (16_384, 1), (16_384, 2_048), (390, 844)])
def test_any_shape_has_one(size):
    assert opened(shrunk(png(size))).size == (144, 90)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_any_colours_have_one(mode):
    assert opened(shrunk(png((300, 200), 0, mode))).size == (144, 90)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        png((300, 200))[:60],
        claiming(0, 0),
        claiming(1, 0),
        claiming(2**31 - 1, 2**31 - 1),
        claiming(2**32 - 1, 1),
        claiming(60_000, 60_000),
        claiming(300, 200, interlaced=1),
    ],
)
def test_what_cannot_be_read_has_none(ada, alice, make_job, kept, content):
    job = make_job(alice, completed=1)
    making.keep(job.pages.get(), Output.SCREENSHOT, "image/png", content)

    assert ada.get(path(job)).status_code == 404
    assert Artifact.objects.count() == 1


@pytest.mark.parametrize("width", [1, 1_280, 16_384, 60_000, MOST_PIXELS])
def test_so_many_pixels_are_unpacked_and_no_more(width):
    head = top_of(claiming(width, 2**31 - 1))

    wide, high = struct.unpack(">II", head[16:24])
    assert wide == width
    assert 0 < wide * high <= MOST_PIXELS


@given(st.data())
def test_whatever_a_file_has_in_it_nothing_is_raised(data):
    content = bytearray(red_over_blue(width=40, red=20, blue=20))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))

    small = shrunk(bytes(content[: data.draw(st.integers(0, len(content)))]))

    assert small is None or opened(small).size == (144, 90)


def test_a_picture_that_is_not_kept_any_more_has_none(ada, pictured):
    ada.get(path(pictured))
    remove_all(pictured.public_id)

    assert ada.get(path(pictured)).status_code == 404
    Artifact.objects.filter(output="thumbnail").delete()
    assert ada.get(path(pictured)).status_code == 404


def test_what_is_made_of_a_job_that_is_deleted_meanwhile_is_not_kept(pictured, kept):
    picture = Artifact.objects.select_related("job", "page").get()
    Page.objects.all().delete()

    assert make_thumbnail(picture) is None
    assert [file.name for file in kept.rglob("file_*")] == [picture.name.rpartition("/")[2]]


def test_a_page_without_a_picture_has_none(ada, alice, make_job):
    assert ada.get(path(make_job(alice, completed=1))).status_code == 404


def test_another_account_has_none(ben, pictured):
    assert ben.get(path(pictured)).status_code == 404


def test_it_is_no_picture_of_the_page_for_the_api_or_on_its_own_page(ada, pictured):
    ada.get(path(pictured))

    page = ada.get(f"/dashboard/jobs/{pictured.public_id}/pages/0/").content.decode()

    assert page.count("<img") == 1
    assert "thumbnail" not in page
