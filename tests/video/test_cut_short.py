"""A recording that was cut is told, by whatever its container says, and what is there is taken."""

import io
import re

import pytest

from tests.decoded import samples
from tests.videos import video
from vidset.video.decoding import Video
from vidset.video.endings import is_cut

_NAMES = [f"whole.{each}" for each in ("wmv", "ogv", "mpg", "vob", "mjpeg", "gif", "dv")]


def cut(name, tmp_path, share):
    path = video(name)
    data = path.read_bytes()
    (tmp_path / name).write_bytes(data[: round(len(data) * share)])
    return tmp_path / name


@pytest.mark.parametrize("name", _NAMES)
def test_a_whole_file_is_not_taken_for_a_cut_one(name, tmp_path):
    found = samples(cut(name, tmp_path, 1))
    assert found.damage is None
    assert found.seconds == pytest.approx([0, 1, 2], abs=0.1)


@pytest.mark.parametrize("share", [0.717, 0.852])
@pytest.mark.parametrize("name", _NAMES)
def test_a_cut_file_is_told_and_what_is_there_is_taken(name, share, tmp_path):
    found = samples(cut(name, tmp_path, share))
    assert found.damage is not None
    assert found.damage.startswith("cut short")
    assert found.seconds[:2] == pytest.approx([0, 1], abs=0.1)


def test_a_picture_larger_than_what_is_looked_at_is_cut_where_it_does_not_end():
    head = b"\xff\xd8\xff\xe0"
    for data, wanted in (
        (head + bytes(1 << 20), True),
        (head + bytes(1 << 20) + b"\xff\xd9", False),
    ):
        assert is_cut(io.BytesIO(data), data[:4096], len(data)) is wanted


@pytest.mark.parametrize("inside", [4, 12, 100, 400])
def test_fragments_before_one_whose_index_is_cut_are_taken(inside, tmp_path):
    data = video("fragments.mp4").read_bytes()
    last = data.rindex(b"moof") - 4
    (tmp_path / "a.mp4").write_bytes(data[: last + inside])
    found = samples(tmp_path / "a.mp4")
    assert found.damage is not None
    assert found.seconds == [0]


def test_fragments_from_a_stream_are_the_same_as_from_a_file(tmp_path):
    data = video("fragments.mp4").read_bytes()
    part = data[: data.rindex(b"moof") + 100]
    with Video(io.BytesIO(part), "a.mp4") as found:
        assert found.damage == "cut short: the file ended prematurely, in the middle of a frame"


# Where a picture of the bare stream is cut, from its slice's header on.
_WITHIN = (0.3, 0.6, 0.9)


def pictures_of(data):
    """Where the coded pictures of a bare HEVC stream begin and end (ITU-T H.265, B.2 and 7.4.2)."""
    starts = [match.start() for match in re.finditer(b"\0\0\1", data)]
    ends = [*starts[1:], len(data)]
    for start, end in zip(starts, ends, strict=True):
        if (data[start + 3] >> 1) & 63 < 32:
            yield start, start + len(data[start:end].rstrip(b"\0"))


def written(data, tmp_path):
    (tmp_path / "a.hevc").write_bytes(data)
    return tmp_path / "a.hevc"


def test_a_bare_stream_that_is_cut_within_a_picture_is_told(tmp_path):
    data = video("hevc.hevc").read_bytes()
    shown = set(samples(video("hevc.hevc"), 0.001).hashes.values())
    pictures = list(pictures_of(data))
    for start, end in [*pictures[-2:], *pictures[len(pictures) // 2 :][:4]]:
        for share in _WITHIN:
            found = samples(written(data[: start + round(share * (end - start))], tmp_path), 0.1)
            assert found.damage == "cut short: the file ends in the middle of a picture"
            # Whatever comes out, the whole stream shows as well: nothing was invented.
            assert set(found.hashes.values()) <= shown


def test_a_bare_stream_that_ends_with_a_picture_is_not_taken_for_a_cut_one(tmp_path):
    data = video("hevc.hevc").read_bytes()
    pictures = list(pictures_of(data))
    for _, end in pictures[len(pictures) // 2 :]:
        assert samples(written(data[:end], tmp_path), 0.5).damage is None
