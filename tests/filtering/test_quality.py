import cv2
import numpy as np
import pytest

from tests.drawing import scene
from vidset.filtering.quality import brightness, phash, sharpness
from vidset.jpeg import jpeg


def grey(number: int) -> np.ndarray:
    return cv2.cvtColor(scene(number), cv2.COLOR_RGB2GRAY)


def test_sharpness_is_the_variance_of_the_laplacian():
    picture = grey(1)
    expected = cv2.Laplacian(picture.astype(np.float64), cv2.CV_64F).var()
    assert sharpness(picture) == pytest.approx(expected, rel=1e-5)


def test_a_blurred_picture_is_less_sharp():
    assert sharpness(cv2.GaussianBlur(grey(1), (0, 0), 3)) < sharpness(grey(1)) / 10


def test_brightness_is_the_mean_level():
    assert brightness(np.array([[0, 255], [255, 255]], np.uint8)) == 191.25


def test_phash_of_like_pictures_differs_in_few_bits_and_of_others_in_many():
    def distance(a: np.ndarray, b: np.ndarray) -> int:
        return (int(phash(a), 16) ^ int(phash(b), 16)).bit_count()

    assert len(phash(grey(1))) == 16
    assert distance(grey(1), cv2.resize(grey(1), (200, 150), interpolation=cv2.INTER_AREA)) <= 4
    assert distance(grey(1), grey(2)) > 16


def test_jpeg_keeps_colours_and_repeats_its_bytes():
    rgb = np.zeros((32, 48, 3), np.uint8)
    rgb[..., 0] = 200  # Red: had the order been wrong, it would come back blue.
    data = jpeg(rgb, 95)
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(bgr[..., ::-1].astype(int) - rgb).max() <= 2
    assert jpeg(rgb.copy(), 95) == data
