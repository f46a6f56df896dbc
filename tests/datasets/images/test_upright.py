"""EXIF orientation, against OpenCV's own turning of JPEGs (which drops transparency)."""

import struct

import cv2
import numpy as np
import pytest

from vidset.datasets.images.measures import decode
from vidset.datasets.images.upright import lying_to_upright, orientation, turn


def exif(value: int, order: str = "<") -> bytes:
    """A TIFF header and a directory with the orientation behind another tag (EXIF 2.3)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    width = struct.pack(f"{order}HHIHH", 0x0100, 3, 1, 640, 0)
    turned = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, value, 0)
    return head + struct.pack(f"{order}H", 2) + width + turned + bytes(4)


def file(picture: np.ndarray, ending: str, said: bytes) -> bytes:
    data = np.frombuffer(said, np.uint8)
    return cv2.imencodeWithMetadata(ending, picture, [cv2.IMAGE_METADATA_EXIF], [data])[1].tobytes()


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("value", range(1, 9))
def test_a_picture_is_turned_as_opencv_turns_it(value, ending):
    stored = np.random.default_rng(value).integers(0, 256, (6, 10, 3), np.uint8)
    data = file(stored, ending, exif(value))
    wanted = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert wanted.shape == ((10, 6, 3) if value > 4 else (6, 10, 3))
    np.testing.assert_array_equal(decode(data, "a")[:, :, ::-1], wanted)


def test_a_transparent_picture_is_turned_too():
    stored = np.zeros((4, 8, 4), np.uint8)
    stored[0, 0] = (0, 0, 255, 255)  # Red, in the corner; the rest is transparent.
    picture = decode(file(stored, ".png", exif(6)), "a")
    assert picture.shape == (8, 4, 3)
    assert picture[0, 3].tolist() == [255, 0, 0]
    assert (picture.reshape(-1, 3) == 255).all(axis=1).sum() == 31


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_tag_is_read_in_both_byte_orders(value, order):
    assert orientation(exif(value, order)) == value


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"JUNKJUNK", id="no TIFF"),
        pytest.param(exif(6)[:20], id="cut off"),
        pytest.param(exif(6).replace(b"\x12\x01", b"\x13\x01"), id="without the tag"),
        pytest.param(b"II*\0\xff\xff\xff\xff", id="directory outside"),
    ],
)
def test_without_a_readable_tag_a_picture_stays_as_it_is(said):
    assert orientation(said) == 1


def test_an_orientation_that_there_is_not_turns_nothing():
    stored = np.zeros((6, 10, 3), np.uint8)
    assert decode(file(stored, ".png", exif(99)), "a").shape == (6, 10, 3)


@pytest.mark.parametrize("orientation_", [5, 6, 7, 8])
def test_points_go_where_the_pixels_go(orientation_):
    picture = np.zeros((3, 5, 1), np.uint8)
    picture[1, 4] = 9
    moved = lying_to_upright(orientation_, 5, 3)
    assert moved is not None
    x, y, _ = moved @ [4.5, 1.5, 1]  # The middle of that pixel.
    assert turn(picture, orientation_)[int(y), int(x), 0] == 9


def test_a_picture_that_keeps_its_sides_moves_no_points():
    assert lying_to_upright(1, 5, 3) is None
    assert lying_to_upright(3, 5, 3) is None
