"""The embedder without weights: copies are near, other pictures are not."""

import cv2
import numpy as np
import pytest

from tests.drawing import scene
from vidset.embeddings.classic import Classic
from vidset.embeddings.registry import open_embedder

EMBEDDER = Classic()


def drawn(number: int) -> np.ndarray:
    """A picture with soft shapes, as a camera sees them."""
    return cv2.GaussianBlur(scene(number, 640, 480), (0, 0), 25)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other)


CHANGES = {
    "encoded anew": lambda picture: jpeg(picture, 40),
    "scaled": lambda picture: cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA),
    "darker": lambda picture: (picture * 0.7).astype(np.uint8),
    "cropped": lambda picture: picture[7:-7, 10:-10],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_near(change):
    for number in range(8):
        picture = drawn(number)
        one, other = EMBEDDER.embed([picture, CHANGES[change](picture)])
        assert cosine(one, other) > EMBEDDER.near


def test_other_pictures_are_not_near():
    vectors = EMBEDDER.embed([drawn(number) for number in range(30)])
    likeness = vectors @ vectors.T
    assert likeness[~np.eye(30, dtype=bool)].max() < 0.8


def test_the_mirrored_vector_is_that_of_the_mirrored_picture():
    picture = drawn(3)
    plain, turned = EMBEDDER.embed([picture, np.ascontiguousarray(picture[:, ::-1])])
    assert cosine(plain, turned) < 0.8
    assert cosine(EMBEDDER.mirrored(plain[None])[0], turned) > 0.999


def test_zooming_brings_a_crop_nearer():
    picture = drawn(5)
    whole, crop = EMBEDDER.embed([picture, picture[7:-7, 10:-10]])
    zoomed = EMBEDDER.zoomed(whole[None])
    assert max(cosine(each[0], crop) for each in zoomed) > cosine(whole, crop)


def test_a_blank_picture_is_near_to_nothing():
    assert not EMBEDDER.embed([np.full((80, 80, 3), 127, np.uint8)])[0, 0]
    grey = EMBEDDER.embed([np.full((80, 80, 3), level, np.uint8) for level in (0, 90, 255)])
    assert np.abs(grey @ EMBEDDER.embed([drawn(1)])[0]).max() < 0.5


def test_the_classic_embedder_takes_nothing_behind_its_name():
    assert open_embedder("classic").id == "classic-1"
    with pytest.raises(ValueError, match="wanted nothing behind it, got 'fast'"):
        open_embedder("classic:fast")


def test_an_unknown_embedder_is_named_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"wanted one of classic.*, got 'clasic'.*Did you mean"):
        open_embedder("clasic")
