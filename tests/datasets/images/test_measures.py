import struct
import zlib

import cv2
import numpy as np
import pytest

from tests.datasets.rows import drawing, encoded, scene
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import THUMBNAIL_SIDE, decode, measure


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, bits: int, colours: int, line: bytes, extra: bytes = b"") -> bytes:
    """One line of pixels, as the PNG standard (W3C, 2003) writes it."""
    header = struct.pack(">IIBBBBB", width, 1, bits, colours, 0, 0, 0)
    parts = (chunk(b"IHDR", header), extra, chunk(b"IDAT", zlib.compress(b"\0" + line)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


PALETTE = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255])) + chunk(b"tRNS", bytes([255, 0]))


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        pytest.param(png(2, 8, 0, bytes([0, 200])), [[0] * 3, [200] * 3], id="grey"),
        pytest.param(png(2, 1, 0, b"\x80"), [[255] * 3, [0] * 3], id="1 bit"),
        pytest.param(png(2, 16, 0, bytes([1, 255, 255, 0])), [[1] * 3, [255] * 3], id="16 bits"),
        pytest.param(
            png(3, 8, 4, bytes([10, 255, 10, 0, 10, 51])),
            [[10] * 3, [255] * 3, [206] * 3],
            id="grey and alpha",
        ),
        pytest.param(
            png(2, 8, 3, bytes([0, 1]), PALETTE), [[255, 0, 0], [255] * 3], id="palette and alpha"
        ),
        pytest.param(png(2, 8, 2, bytes([9, 8, 7, 1, 2, 3])), [[9, 8, 7], [1, 2, 3]], id="colours"),
        pytest.param(
            png(2, 8, 2, bytes([9, 8, 7, 1, 2, 3]), chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3]))),
            [[9, 8, 7], [255] * 3],
            id="one transparent colour",
        ),
        pytest.param(
            png(1, 16, 6, bytes([9, 7, 8, 7, 7, 7, 255, 255])), [[9, 8, 7]], id="16 bits and alpha"
        ),
    ],
)
def test_every_kind_of_png_becomes_rgb_on_white(data, pixels):
    assert decode(data, "a.png").tolist() == [pixels]


def test_measures_of_a_picture_are_what_the_file_says():
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, 20:] = 200
    found = measure(encoded(picture), "a.png")
    assert (found.width, found.height, found.image_format) == (40, 20, "png")
    assert (found.brightness, found.contrast) == (100, 100)
    assert found.size_bytes == len(encoded(picture))
    assert found.thumbnail[:THUMBNAIL_SIDE] == bytes([0] * 12 + [200] * 12)


@pytest.mark.parametrize(
    ("ending", "image_format"),
    [(".png", "png"), (".jpg", "jpeg"), (".webp", "webp"), (".bmp", "bmp")],
)
def test_the_format_is_told_by_the_bytes(ending, image_format):
    assert measure(encoded(scene(0), ending), "named.gif").image_format == image_format


def test_pixels_are_equal_in_another_file_format_and_in_no_other_size():
    picture = scene(1)
    png_, bmp = (measure(encoded(picture, ending), "a") for ending in (".png", ".bmp"))
    assert png_.pixels_sha256 == bmp.pixels_sha256
    assert png_.image_sha256 != bmp.image_sha256
    turned = picture.reshape(picture.shape[1], picture.shape[0], 3)
    assert measure(encoded(turned), "a").pixels_sha256 != png_.pixels_sha256


def test_grey_and_colour_files_of_the_same_picture_have_equal_pixels():
    grey = drawing(0)
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    assert measure(encoded(grey), "a").pixels_sha256 == measure(encoded(colour), "b").pixels_sha256


@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (232, 216), (264, 242)])
def test_a_blank_picture_has_no_contrast_at_all(level, size):
    assert measure(encoded(np.full(size, level, np.uint8)), "a").contrast == 0


def test_a_single_odd_pixel_is_contrast():
    picture = np.full((1000, 1000), 255, np.uint8)
    picture[500, 500] = 254
    assert 0 < measure(encoded(picture), "a").contrast < 0.01


def test_colours_that_are_equally_bright_are_contrast():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, :4], picture[:, 4:] = (255, 0, 0), (0, 130, 0)
    lumas = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    assert lumas.min() == lumas.max()
    assert measure(encoded(picture), "a").contrast > 100


def test_sharpness_falls_when_a_picture_is_blurred():
    picture = scene(2)
    blurred = cv2.GaussianBlur(picture, (9, 9), 0)
    assert measure(encoded(picture), "a").sharpness > 4 * measure(encoded(blurred), "b").sharpness


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(
            b"", r"a\.png: wanted a PNG, JPEG, WebP or BMP image, got 0 bytes", id="empty"
        ),
        pytest.param(b"GIF89a" + bytes(30), r"a\.png: wanted a PNG.*GIF89a", id="another format"),
        pytest.param(encoded(scene(0))[:900], r"a\.png: wanted an image, got 900", id="cut PNG"),
        pytest.param(
            encoded(scene(0), ".jpg")[:1500], r"a\.png: wanted an image, got 1500", id="cut JPEG"
        ),
        pytest.param(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 99999, 99999, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(100)))
            + chunk(b"IEND", b""),
            r"a\.png: wanted at most 100 megapixels .*, got 99999x99999",
            id="more pixels than can be",
        ),
    ],
)
def test_what_is_no_image_is_refused_by_name(data, said):
    with pytest.raises(DatasetError, match=said):
        measure(data, "a.png")
