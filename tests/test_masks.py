import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.emulators.environments import python_for_test
from tests.emulators.label_studio import INSTALL_SECONDS as LABEL_STUDIO_SECONDS
from tests.emulators.label_studio import REQUIREMENTS as LABEL_STUDIO
from tests.readers.environment import INSTALL_SECONDS, REQUIREMENTS
from vidset.masks import Mask, filled, from_brush, outlines, to_brush

_SECONDS = 600


def edge_cases() -> list[np.ndarray]:
    """Empty, full, one pixel wide or high, corners that touch, a hole, an island in a lake."""
    island = np.zeros((9, 9), bool)
    island[1:8, 1:8], island[2:7, 2:7], island[4, 4] = True, False, True
    checkered = np.indices((6, 7)).sum(axis=0) % 2 == 0
    first, last = np.zeros((5, 4), bool), np.zeros((5, 4), bool)
    first[0, 0], last[-1, -1] = True, True
    return [
        np.zeros((3, 4), bool),
        np.ones((3, 4), bool),
        np.ones((1, 1), bool),
        np.array([[True, False, True]]),
        np.array([[False], [True], [True]]),
        island,
        checkered,
        first,
        last,
    ]


def pictures(number: int) -> list[np.ndarray]:
    """Noise of all densities, and blots."""
    random = np.random.default_rng(7)
    found = edge_cases()
    for _ in range(number):
        height, width = random.integers(1, 40, 2)
        picture = random.random((height, width)) < random.random()
        if random.random() < 0.5:
            picture = np.kron(picture, np.ones((3, 4), bool)).astype(bool)
        found.append(picture)
    return found


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


def told_by(python: Path, kind: str, cases: list[dict[str, Any]], folder: Path) -> list[Any]:
    source, target = folder / "in.json", folder / "out.json"
    source.write_text(json.dumps(cases))
    program = Path(__file__).with_name("masks_main.py")
    command = [str(python), "-I", str(program), kind, str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, cwd=folder)
    return json.loads(target.read_text())


def test_masks_are_those_of_pycocotools_pixel_by_pixel(tmp_path):
    python = python_for_test("readers-of-exports", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    drawn = pictures(150)
    cases = [{"pixels": picture.astype(int).tolist()} for picture in drawn]
    for picture, told in zip(drawn, told_by(python, "coco", cases, tmp_path), strict=True):
        mask = Mask.of(picture)
        assert (mask.counts, mask.area) == (told["counts"], told["area"])
        left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
        assert [left, top, right - left, bottom - top] == told["box"]
        assert (mask.pixels() == picture).all()


def test_polygons_are_filled_as_pycocotools_fills_them(tmp_path):
    python = python_for_test("readers-of-exports", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    cases = polygons(200)
    for case, told in zip(cases, told_by(python, "coco", cases, tmp_path), strict=True):
        rings = [
            (tuple(zip(part[::2], part[1::2], strict=True)), False) for part in case["polygons"]
        ]
        assert Mask.of(filled(rings, case["width"], case["height"])).counts == told["counts"]


def test_brushes_are_read_and_written_as_by_label_studios_converter(tmp_path):
    python = python_for_test("label-studio", LABEL_STUDIO, LABEL_STUDIO_SECONDS)
    drawn = pictures(60)
    cases = [
        {"pixels": picture.astype(int).tolist(), "rle": to_brush(picture)} for picture in drawn
    ]
    for picture, told in zip(drawn, told_by(python, "brush", cases, tmp_path), strict=True):
        height, width = picture.shape
        assert told["read"] == picture.tolist()
        assert (from_brush(told["written"], width, height) == picture).all()


def test_outlines_make_the_same_picture_and_none_touches_itself():
    for picture in pictures(200):
        height, width = picture.shape
        rings = outlines(picture)
        assert (filled(rings, width, height) == picture).all()
        assert all(len(set(points)) == len(points) for points, _ in rings)


def test_the_island_in_a_lake_comes_after_the_lake():
    rings = outlines(edge_cases()[5])
    assert [(len(points), hole) for points, hole in rings] == [(4, False), (4, True), (4, False)]


@pytest.mark.parametrize("picture", edge_cases())
def test_counts_as_a_list_and_as_a_text_are_one_mask(picture):
    mask = Mask.of(picture)
    size = [picture.shape[0], picture.shape[1]]
    assert Mask.from_document({"size": size, "counts": mask.runs()}) == mask
    assert Mask.from_document(mask.to_document()) == mask


@pytest.mark.parametrize(
    ("runs", "same"),
    [
        pytest.param([0, 0, 6, 0, 6], [12], id="empty runs at the start"),
        pytest.param([3, 2, 0, 1, 6], [3, 3, 6], id="an empty run between"),
        pytest.param([12, 0], [12], id="an empty run at the end"),
    ],
)
def test_one_picture_has_one_text(runs, same):
    assert Mask.of_runs(3, 4, runs) == Mask.of_runs(3, 4, same)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param({"size": [4, 3], "counts": [5, 6]}, "come to 3 x 4 = 12 px, got 11", id="few"),
        pytest.param({"size": [4, 3], "counts": [-1, 13]}, "wanted a mask's runs", id="negative"),
        pytest.param({"size": [4, 3], "counts": [1.5, 10.5]}, "whole numbers", id="parts"),
        pytest.param({"size": [4, 3], "counts": "zz"}, "COCO's compressed counts", id="letters"),
        pytest.param({"size": [4, 3], "counts": ""}, "an empty text", id="empty"),
        pytest.param({"size": [4, 3], "counts": "oooooooo0"}, "a number too long", id="long"),
        pytest.param({"size": [4, 3], "counts": "é"}, "COCO's compressed counts", id="accent"),
        pytest.param({"size": [4, 3], "counts": None}, "as a text or list, got 'None'", id="none"),
        pytest.param({"size": [4], "counts": "0"}, r"as \[height, width\]", id="size"),
        pytest.param({"size": [10**6, 10**6], "counts": [10**12]}, "at most", id="a bomb"),
    ],
)
def test_a_damaged_mask_is_refused_with_what_was_wanted(document, reason):
    with pytest.raises(ValueError, match=reason):
        Mask.from_document(document)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        pytest.param([0, 1, 2], "cut off", id="short"),
        pytest.param(to_brush(np.ones((4, 4), bool)), "3 x 4 px, 48 values, got 64", id="size"),
        pytest.param([256, 0], "numbers from 0 to 255", id="large"),
        pytest.param(["a"], "numbers from 0 to 255", id="texts"),
        pytest.param(to_brush(np.ones((4, 3), bool))[:-2], "cut off", id="without its end"),
    ],
)
def test_a_damaged_brush_is_refused_with_what_was_wanted(numbers, reason):
    with pytest.raises(ValueError, match=reason):
        from_brush(numbers, 3, 4)


def test_a_large_mask_comes_back_from_a_brush_and_from_outlines():
    picture = np.zeros((1080, 1920), bool)
    rows, columns = np.indices(picture.shape)
    picture[(rows - 500) ** 2 + (columns - 900) ** 2 < 300**2] = True
    mask = Mask.of(picture)
    assert (from_brush(to_brush(mask.pixels()), 1920, 1080) == picture).all()
    assert (filled(outlines(picture), 1920, 1080) == picture).all()
