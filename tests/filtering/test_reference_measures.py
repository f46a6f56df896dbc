"""Our scores are those of image-similarity-measures, asked in an environment of its own."""

import math

import cv2
import numpy as np
import pytest

from tests.drawing import scene
from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.filtering.oracle.environment import reference_scores
from vidset.metrics import METRICS


def noisy(picture: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).integers(-8, 9, picture.shape)
    return np.clip(picture.astype(int) + noise, 0, 255).astype(np.uint8)


def hard_edges(left: int) -> np.ndarray:
    """Black and white squares: even a sixteenth of their contrast is an edge to Canny."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[8:40, left : left + 24] = 255
    return picture


SCENE = scene(1, 64, 48)
PAIRS = {
    "the same with noise": (SCENE, noisy(SCENE)),
    "equal": (SCENE, SCENE.copy()),
    "another scene": (SCENE, scene(2, 64, 48)),
    "darker": (SCENE, SCENE // 2),
    "moved": (SCENE, np.roll(SCENE, 5, axis=1)),
    "blurred": (SCENE, cv2.GaussianBlur(SCENE, (0, 0), 2)),
    "odd size": (scene(3, 81, 37), noisy(scene(3, 81, 37))),
    "hard edges": (hard_edges(8), hard_edges(12)),
    "noise alone": tuple(np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), np.uint8)),
}
OF_THE_PACKAGE = ("ssim-full", "fsim", "issm", "psnr", "rmse", "sam", "sre", "uiq")


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, float]]:
    try:
        return dict(zip(PAIRS, reference_scores(list(PAIRS.values())), strict=True))
    except ToolMissingError as missing:
        skip_or_fail(missing)


@pytest.mark.emulator
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("name", OF_THE_PACKAGE)
def test_a_score_is_that_of_image_similarity_measures(name, pair, expected):
    metric = METRICS[name]
    compare = metric.load()
    # The package computes some of them in single precision.
    wanted = pytest.approx(expected[pair][metric.function], rel=1e-4, abs=1e-4, nan_ok=True)
    assert compare(*PAIRS[pair]) == wanted


def test_all_eight_measures_can_be_named():
    assert len(OF_THE_PACKAGE) == 8
    assert set(OF_THE_PACKAGE) <= METRICS.keys()


@pytest.mark.parametrize("name", ["ssim-full", "fsim", "uiq"])
def test_equal_pictures_score_1(name):
    picture, _ = PAIRS["noise alone"]  # No window of it is flat.
    assert METRICS[name].load()(picture, picture.copy()) == pytest.approx(1)


@pytest.mark.parametrize("name", ["psnr", "sre"])
def test_equal_pictures_have_no_error_and_an_infinite_ratio(name):
    assert METRICS[name].load()(SCENE, SCENE.copy()) == math.inf


def test_errors_are_what_a_pencil_gives():
    grey, brighter = np.full((16, 16, 3), 100, np.uint8), np.full((16, 16, 3), 151, np.uint8)
    assert METRICS["rmse"].load()(grey, brighter) == pytest.approx(51 / 255)
    assert METRICS["psnr"].load()(grey, brighter) == pytest.approx(20 * math.log10(5))
    # The norm of 51 over 256 pixels is 51 * 16, and the signal is the squared mean.
    assert METRICS["sre"].load()(grey, brighter) == pytest.approx(
        10 * math.log10(100**2 / (51 * 16 / 256))
    )


def test_flat_pictures_have_no_feature_and_are_alike():
    """The package gives NaN, which is neither above nor below a threshold."""
    flat = np.full((48, 64, 3), 90, np.uint8)
    assert METRICS["fsim"].load()(flat, flat.copy()) == pytest.approx(1)


def test_pictures_below_a_window_are_refused():
    small = np.zeros((7, 20, 3), np.uint8)
    with pytest.raises(ValueError, match="at least 8x8 pixels, got 20x7"):
        METRICS["uiq"].load()(small, small)
