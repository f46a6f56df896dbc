from typing import Any

import numpy as np

from tests.emulators.environments import python_for_test
from tests.mask_pictures import disc, edge_cases, pictures, told_by
from tests.readers.environment import INSTALL_SECONDS, REQUIREMENTS
from vidset.masks import Mask
from vidset.outlines import filled, outlines


def polygons(number: int) -> list[dict[str, Any]]:
    """Parts of any form, some of them partly outside of the image, some with a corner twice."""
    random = np.random.default_rng(8)
    found = []
    for _ in range(number):
        height, width = map(int, random.integers(1, 200, 2))
        parts = []
        for _ in range(random.integers(1, 4)):
            corners = random.random((int(random.integers(3, 20)), 2)) * [width, height]
            if random.random() < 0.3:
                corners = corners * 1.3 - 0.15 * np.array([width, height])
            if random.random() < 0.3:
                corners = corners.round()
            if random.random() < 0.1:
                corners[1] = corners[0]
            parts.append(corners.ravel().tolist())
        found.append({"height": height, "width": width, "polygons": parts})
    return found


def test_polygons_are_filled_as_pycocotools_fills_them(tmp_path):
    python = python_for_test("readers-of-exports", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    cases = polygons(200)
    for case, told in zip(cases, told_by(python, "coco", cases, tmp_path), strict=True):
        rings = [
            (tuple(zip(part[::2], part[1::2], strict=True)), False) for part in case["polygons"]
        ]
        assert Mask.of(filled(rings, case["width"], case["height"])).counts == told["counts"]


def test_outlines_make_the_same_picture_and_none_touches_itself():
    for picture in pictures(200):
        height, width = picture.shape
        rings = outlines(picture)
        assert (filled(rings, width, height) == picture).all()
        assert all(len(set(points)) == len(points) for points, _ in rings)


def test_the_island_in_a_lake_comes_after_the_lake():
    rings = outlines(edge_cases()[5])
    assert [(len(points), hole) for points, hole in rings] == [(4, False), (4, True), (4, False)]


def test_a_large_picture_comes_back_from_its_outlines():
    picture = disc()
    assert (filled(outlines(picture), 1920, 1080) == picture).all()
