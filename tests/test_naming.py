import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vidset.naming import image_id, image_name, image_prefix, printable, video_stem

GENERATION = "1700000000000000"


@pytest.mark.parametrize(
    ("video", "prefix"),
    [
        pytest.param("cam1/2026/a.mp4", "cam1/2026/a", id="plain"),
        pytest.param("a.b.mp4", "a.b", id="two dots"),
        pytest.param("no extension", "no extension", id="no extension"),
        pytest.param(".mp4", ".mp4", id="hidden file"),
        pytest.param("a.b/c", "a.b/c", id="dot in a folder"),
        pytest.param("my drive (1) 'x' \"y\".mp4", "my drive (1) 'x' \"y\"", id="quotes"),
        pytest.param("Straße/日本語 🚗.mov", "Straße/日本語 🚗", id="unicode"),
        pytest.param("../../etc/passwd.mp4", "%2E%2E/%2E%2E/etc/passwd", id="parent folders"),
        pytest.param("./a.mp4", "%2E/a", id="this folder"),
        pytest.param("/etc/a.mp4", "%2Fetc/a", id="absolute"),
        pytest.param("a//b.mp4", "a/%2Fb", id="empty segment"),
        pytest.param("100%.mp4", "100%25", id="percent"),
        pytest.param("a%2e%2e/b.mp4", "a%252e%252e/b", id="already encoded"),
        pytest.param("a#b?c.mp4", "a#b?c", id="url characters"),
        pytest.param("a\nb\x00\x7f\x85.mp4", "a%0Ab%00%7F%C2%85", id="control characters"),
        pytest.param("a/", "a%2F", id="trailing slash"),
        pytest.param("a\\..\\b.mp4", "a%5C..%5Cb", id="backslash"),
        pytest.param("a/...mp4", "a/...mp4", id="stem of dots"),
    ],
)
def test_image_prefix_is_readable_and_stays_below_the_root(video, prefix):
    assert image_prefix(video, GENERATION) == f"{prefix}/{GENERATION}"


def test_image_name_ends_with_ten_digits_of_milliseconds():
    assert image_name("a.mp4", "7", 3661.0339) == "a/7/0003661034.jpg"


def segments(name: str) -> list[str]:
    return name.split("/")


names = (
    st.text(min_size=1)
    .map(lambda text: text.encode("utf-8", "surrogatepass")[:1000])
    .map(lambda data: data.decode("utf-8", "surrogateescape"))
)


@given(names)
@example("..")
@example("../..")
@example("//")
@example("/")
@example("a/" * 300)
@example("%/%/%~")
@example("..." + "x" * 900 + ".mp4")
@example("é" * 500)
def test_any_name_stays_below_the_root_and_can_be_read_back(video):
    name = image_name(video, GENERATION, 1.0)
    assert len(name.encode()) <= 1024
    for segment in segments(name):
        assert segment not in ("", ".", "..")
        assert len(segment.encode()) <= 255
        assert not set(segment) & {chr(code) for code in range(32)}
    stem = video_stem(name)
    assert stem is None or video.startswith(stem)
    if len(image_prefix(video, "").encode()) < 900:
        assert stem is not None
        rest = video[len(stem) :]
        assert rest == "" or (rest[0] == "." and "/" not in rest)


def test_names_of_1000_bytes_differ_even_where_they_are_cut():
    first, second = ("x" * 990 + end + ".mp4" for end in ("aaaaaa", "bbbbbb"))
    assert image_prefix(first, "1") != image_prefix(second, "1")
    assert image_prefix(first, "1").startswith("x" * 200)
    assert video_stem(image_name(first, "1", 0)) is None


def test_a_long_segment_is_cut_for_file_systems_and_read_back():
    video = string.ascii_letters * 10 + ".mp4"
    name = image_name(video, "1", 0)
    assert max(map(len, segments(name))) <= 255
    assert video_stem(name) == string.ascii_letters * 10


def test_image_id_is_the_start_of_the_sha256_of_its_place():
    # printf 'images/a/7/0000000000.jpg' | sha256sum
    assert image_id("images/a/7/0000000000.jpg") == "d9422c98559bc1bd7e9e18b1583f73ad"


def test_printable_encodes_only_what_no_text_can_hold():
    assert printable("/data/caf\udce9 é%.mp4") == "/data/caf%E9 é%.mp4"
