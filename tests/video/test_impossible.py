"""Colours that a decoder has made up are told from those that pictures have."""

import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from vidset.video.impossible import is_impossible


def filled(luma: int, blue: int, red: int, name: str = "yuv420p") -> VideoFrame:
    """A picture of 64 x 48 with these values everywhere."""
    frame = VideoFrame(64, 48, name)
    for plane, value in zip(frame.planes, (luma, blue, red), strict=True):
        samples = np.frombuffer(memoryview(plane), np.uint8)
        if name == "yuv420p10le":
            samples = samples.view(np.uint16)
        samples[:] = value * 4 if name == "yuv420p10le" else value
    return frame


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize(
    "values", [pytest.param((0, 0, 0), id="empty memory"), pytest.param((128, 0, 255), id="noise")]
)
def test_what_no_picture_has_is_impossible(values, name):
    assert is_impossible(filled(*values, name))


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le", "yuvj420p"])
@pytest.mark.parametrize("colour", np.ndindex(2, 2, 2), ids=str)
def test_pure_colours_are_possible(colour, name):
    rgb = np.full((48, 64, 3), 255, np.uint8) * np.array(colour, np.uint8)
    frame = VideoFrame.from_ndarray(rgb, format="rgb24")
    assert not is_impossible(VideoReformatter().reformat(frame, format=name))


def test_grey_is_possible():
    assert not is_impossible(filled(128, 128, 128))
