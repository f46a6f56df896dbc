import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from tests.drawing import scene
from vidset.filtering.similarity import compare, picture
from vidset.metrics import METRICS


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(np.float32).mean(axis=2).astype(np.uint8)


def texture(seed: int, width: int = 480, height: int = 270) -> np.ndarray:
    """(height, width) uint8 with structure at all places, as in pictures of the world."""
    values = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    smooth = sum(cv2.GaussianBlur(values, (0, 0), sigma) * sigma for sigma in (2, 8, 32))
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def noisy(picture_: np.ndarray, seed: int, levels: int = 8) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-levels, levels + 1, picture_.shape)
    return np.clip(picture_.astype(int) + noise, 0, 255).astype(np.uint8)


GREY = np.full((8, 8, 2), 128, np.uint8)


def likeness(a: np.ndarray, b: np.ndarray):
    return compare(picture(a, GREY), picture(b, GREY))


def test_equal_pictures_have_ssim_1_and_no_local_change():
    grey = luma(scene(1))
    assert (likeness(grey, grey.copy()).ssim, likeness(grey, grey).local_change) == (1.0, 0.0)


def test_ssim_1_is_left_to_equal_pictures():
    grey = luma(scene(1))
    other = grey.copy()
    other[100, 100] += 1
    assert 0.999 < likeness(grey, other).ssim < 1


def test_unlike_pictures_have_a_low_ssim_and_a_large_local_change():
    result = likeness(texture(1), texture(2))
    assert result.ssim < 0.7
    assert result.local_change > 60


def test_comparing_is_symmetric():
    a, b = noisy(luma(scene(1)), 1), noisy(luma(scene(1)), 2)
    assert likeness(a, b) == likeness(b, a)


@pytest.mark.parametrize("width", [480, 320, 160])
def test_sensor_noise_of_8_levels_is_a_near_duplicate(width):
    """Even where nothing was averaged away: the video itself is as small as the working luma."""
    grey = np.full((width * 9 // 16, width), 120, np.uint8)  # Flat: where noise weighs the most.
    result = likeness(noisy(grey, 1), noisy(grey, 2))
    assert result.ssim >= 0.9
    assert result.local_change <= 5
    # What full-size SSIM makes of it.
    assert structural_similarity(noisy(grey, 1), noisy(grey, 2), data_range=255) < 0.6


@pytest.mark.parametrize("contrast", [25, 60, 120])
def test_an_object_of_1_percent_of_the_area_is_a_local_change(contrast):
    """In noise, and where the mean hardly moves."""
    background = np.full((270, 480), 100, np.uint8)
    entered = background.copy()
    entered[150:177, 200:248] += np.uint8(contrast)  # 27 x 48 = 1 % of the picture.
    result = likeness(noisy(background, 1), noisy(entered, 2))
    assert result.ssim > 0.9
    assert result.local_change > 20


def test_an_object_that_differs_in_colour_alone_is_a_local_change():
    """Red on green of the same brightness: luma sees nothing."""
    background = noisy(np.full((270, 480), 100, np.uint8), 1)
    colours = np.full((135, 240, 2), (110, 120), np.uint8)
    entered = colours.copy()
    entered[75:89, 100:124] = (110, 190)
    result = compare(picture(background, colours), picture(background, entered))
    assert result.local_change > 60


def test_a_change_of_exposure_alone_is_no_local_change():
    grey = np.clip(luma(scene(4)), 20, 200)
    assert likeness(grey, grey + np.uint8(25)).local_change < 2


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 4), (2, 300), (17, 33)])
def test_small_pictures_can_be_compared(shape):
    a = np.full(shape, 10, np.uint8)
    b = np.full(shape, 200, np.uint8)
    assert 0 <= likeness(a, b).ssim < 0.9


@pytest.mark.parametrize(
    ("name", "value", "threshold", "expected"),
    [("ssim", 0.9, 0.9, True), ("ssim", 0.89, 0.9, False), ("rmse", 0.1, 0.2, True)],
)
def test_a_metric_knows_which_way_is_alike(name, value, threshold, expected):
    assert METRICS[name].is_alike(value, threshold) is expected
