"""Overwritten bytes: no picture that the video does not show becomes a sample, where it is told."""

import math

import pytest

from tests.chaos.counts import times
from tests.damaged import found_in, has_garbage, without_a_packet
from tests.decoded import samples
from tests.videos import video


@times(4, 40)
@pytest.mark.parametrize(
    ("name", "untold"),
    [("h264_faststart.mp4", 1 / 8), ("mpeg4_faststart.mp4", 0), ("av1_faststart.mp4", 0)],
)
def test_what_refers_to_damage_is_no_sample(name, untold, count, tmp_path):
    """These pictures are so small that 40 bytes may be all of one, which H.264 does not tell."""
    found = found_in(video(name), count, tmp_path)
    assert found.done_with_garbage <= math.floor(count * untold)
    assert found.garbage <= found.samples * 0.08
    assert found.samples > 10 * count


@times(6, 40)
def test_most_damaged_vp9_is_not_called_done(count, tmp_path):
    """It has no checksums: what decodes to other pictures without a contradiction is not seen."""
    assert found_in(video("vp9.webm"), count, tmp_path).done_with_garbage <= count // 3


@times(2, 40)
@pytest.mark.parametrize("name", ["hevc.mkv", "vp9.mkv", "mjpeg.mkv"])
def test_the_checksums_of_a_matroska_tell_what_decoders_do_not(name, count, tmp_path):
    found = found_in(video(name), count, tmp_path)
    assert found.garbage == 0


@times(3, 40)
def test_hevc_with_checksums_of_its_pictures_is_not_called_done(count, tmp_path):
    path = video("hevc_with_checksums.mp4")
    assert samples(path).damage is None
    assert found_in(path, count, tmp_path).done_with_garbage == 0


@times(4, 40)
@pytest.mark.parametrize(
    ("name", "places", "untold"),
    [
        pytest.param("hevc_rows.mp4", 1, 0, id="an entry point for each row"),
        pytest.param("hevc_slices.mp4", 1, 1 / 20, id="several slices"),
        pytest.param("hevc_plain.mp4", 3, 1 / 8, id="neither"),
    ],
)
def test_damaged_hevc_is_told(name, places, untold, count, tmp_path):
    """Where nothing is told of the middle of a picture, its end may come by chance where it is."""
    found = found_in(video(name), count, tmp_path, places=places)
    assert found.done_with_garbage <= math.ceil(count * untold)
    assert found.garbage <= found.samples * 0.1
    assert found.samples > 10 * count


@times(8, 48)
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
@pytest.mark.parametrize("name", ["h264_faststart.mp4", "hevc_plain.mp4", "open_gop.mp4"])
def test_pictures_that_refer_to_a_lost_one_are_told(name, suffix, count, tmp_path):
    """FFmpeg shows others in their place, without an error."""
    path = video(name)
    whole, hurt = samples(path, 0.001), tmp_path / f"hurt{suffix}"
    told, untold = 0, 0
    for number in range(5, 5 + count):
        without_a_packet(path, number, hurt)
        found = samples(hurt, 0.1)
        told += found.damage is not None
        untold += found.damage is None and has_garbage(found, whole)
    assert told > 0
    # If a keyframe is lost, the numbers that tell may begin anew without it.
    assert untold <= count // 16
