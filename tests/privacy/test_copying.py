"""One image and its blurred copy."""

import cv2
import numpy as np
import pytest

from tests.drawing import scene
from vidset.jpeg import jpeg
from vidset.privacy.blurred_copy import blurred_copy
from vidset.privacy.detector import Region


class Finder:
    id = "finder-1"

    def __init__(self, *regions: Region):
        self._regions = list(regions)

    def find(self, picture: np.ndarray) -> list[Region]:
        assert picture.shape == (240, 320, 3)
        return self._regions


def test_a_copy_has_the_size_of_its_original_and_one_colour_where_something_was_found():
    found = Region(100, 50, 50, 50, 0.9), Region(10, 10, 20, 20, 0.4)
    copy, regions = blurred_copy(jpeg(scene(1), 90), "a.jpg", [Finder(*found)], "solid")
    assert (regions, copy.size) == (list(found), {"width": "320", "height": "240"})
    picture = cv2.imdecode(np.frombuffer(copy.data, np.uint8), cv2.IMREAD_COLOR)
    assert np.ptp(picture[56:96, 104:144].reshape(-1, 3), axis=0).max() <= 8


def test_a_copy_has_the_same_bytes_where_nothing_was_found():
    data = jpeg(scene(1), 90)
    assert blurred_copy(data, "a.jpg", [Finder(), Finder()], "mosaic")[0].data == data


def test_what_is_no_picture_is_refused_by_its_name():
    with pytest.raises(ValueError, match=r"^a\.jpg: "):
        blurred_copy(b"none", "a.jpg", [Finder()], "mosaic")
