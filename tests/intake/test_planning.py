import os

import pytest

from tests.drawing import write_video
from vidset.elements import Upload
from vidset.intake.planning import planned


@pytest.fixture
def path(tmp_path):
    return write_video(tmp_path / "a.mp4", scenes=[0, 1, 2])


def test_a_large_video_is_opened_meanwhile(path):
    with planned(Upload(str(path), "a.mp4"), min_bytes=1) as opened:
        video = opened()
    assert video is not None
    with video:
        assert len(video.packets.pts) == 30


def test_a_small_video_is_not(path):
    with planned(Upload(str(path), "a.mp4")) as opened:
        assert opened() is None


@pytest.mark.parametrize("uri", ["gs://uploads/a.mp4", "/no/such/file.mp4", "a\0b"])
def test_what_is_no_local_file_is_not(uri):
    with planned(Upload(uri, "a.mp4"), min_bytes=0) as opened:
        assert opened() is None


def test_a_video_that_changed_meanwhile_is_opened_anew(path):
    with planned(Upload(str(path), "a.mp4"), min_bytes=1) as opened:
        os.utime(path, (1, 1))
        assert opened() is None


def test_what_cannot_be_opened_is_told_by_who_opens_it_next(path):
    path.write_bytes(b"nonsense" * 100)
    with planned(Upload(str(path), "a.mp4"), min_bytes=1) as opened:
        assert opened() is None


def test_nobody_waits_for_what_is_not_wanted(path):
    with planned(Upload(str(path), "a.mp4"), min_bytes=1):
        pass
