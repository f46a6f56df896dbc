"""What programs say of masks: polygons, run lengths and label maps, read line by line."""

import json
import re

import cv2
import numpy as np
import pytest

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.masks import Mask
from vidset.training.models.commands import CommandModel
from vidset.training.models.truths import PixelTruths
from vidset.training.running.command.answers import read_answers_of
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.pixels import read_masks


def test_pixels_have_the_labels_that_can_be_seen():
    """One object hides the other; background is what none covers."""
    half = np.zeros((4, 6), bool)
    half[:, :3] = True
    repeated = [
        {"id": str(at), "label": label, "type": "mask", "mask": Mask.of(pixels).to_document()}
        for at, (label, pixels) in enumerate([("b", half), ("a", half)])
    ]
    one = _entry(repeated)
    assert PixelTruths().classes([one]) == ["b", "background"]
    ignored = {**repeated[0], "label": "ignored", "mask": Mask.of(~half).to_document()}
    assert PixelTruths().classes([_entry([repeated[0], ignored])]) == ["b"]
    assert PixelTruths().unknown_labels(one, ["b"]) == {"background"}


def _entry(things) -> Entry:
    """An image of 6 x 4 pixels of which this is said."""
    return Entry(
        image_sha256="a" * 64,
        image_uri="a.png",
        image_format="png",
        width=6,
        height=4,
        label=None,
        objects=to_json(things),
        group="a",
        split="train",
        origin="a" * 64,
        source="folder",
    )


SQUARE = [1, 1, 4, 1, 4, 3, 1, 3]


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        pytest.param(None, "wanted polygons or a mask", id="none"),
        pytest.param([], "wanted polygons or a mask", id="empty"),
        pytest.param([[1, 2, 3, 4]], r"\[0\]: wanted x and y of three corners", id="two corners"),
        pytest.param([[*SQUARE, 5]], "three corners or more", id="odd"),
        pytest.param([["a"] * 6], r"\[0\]: wanted a number, got 'a'", id="text"),
        pytest.param([[1e30] * 6], "corners near the image", id="far"),
        pytest.param([[20, 20, 30, 20, 30, 30]], "at least one pixel", id="outside"),
        pytest.param({"size": [4, 6], "counts": [3]}, "to come to 6 x 4", id="too short"),
        pytest.param({"size": [2, 2], "counts": [0, 4]}, "wanted a mask of 6 x 4", id="size"),
        pytest.param({"size": [4, 6], "counts": [24]}, "at least one pixel", id="no pixel"),
    ],
)
def test_masks_that_cannot_be_read_are_told_with_their_line(tmp_path, segmentation, said):
    line = {"image": "a.png", "objects": [_object(segmentation)]}
    with pytest.raises(DatasetError, match=rf"found.jsonl:1: objects\[0\].*{said}"):
        _read(tmp_path, line, masks=True)


def _object(segmentation, **more):
    return {"label": "b", "score": 0.5, "segmentation": segmentation, **more}


def test_polygons_and_run_lengths_are_the_same_object(tmp_path):
    pixels = np.zeros((4, 6), bool)
    pixels[1:3, 1:4] = True
    ways = (
        [SQUARE],
        Mask.of(pixels).to_document(),
        {"size": [4, 6], "counts": Mask.of(pixels).runs()},
    )
    found = [
        _read(tmp_path, {"image": "a.png", "objects": [_object(each)]}, masks=True) for each in ways
    ]
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])
    [[thing]] = read_things(found[0], "predicted")
    assert (thing.x, thing.y, thing.width, thing.height, thing.score) == (1, 1, 3, 2, 0.5)


@pytest.mark.parametrize(
    ("name", "numbers", "said"),
    [
        pytest.param("../a.png", np.zeros((4, 6)), "the name of a PNG file", id="elsewhere"),
        pytest.param(3, np.zeros((4, 6)), "the name of a PNG file", id="a number"),
        pytest.param("b.png", np.zeros((4, 6)), "b.png: wanted a PNG: No such file", id="none"),
        pytest.param("a.png", np.zeros((6, 4)), "wanted 6 x 4 numbers", id="turned"),
        pytest.param("a.png", np.full((4, 6), 9), "numbers of classes, 0 to 1, got 9", id="other"),
        pytest.param("a.png", None, "wanted a PNG, got a file that begins", id="no png"),
    ],
)
def test_label_maps_that_cannot_be_read_are_told_with_their_line(tmp_path, name, numbers, said):
    (tmp_path / "maps").mkdir()
    if numbers is None:
        (tmp_path / "maps/a.png").write_bytes(b"GIF89a" + bytes(99))
    else:
        cv2.imwrite(str(tmp_path / "maps/a.png"), numbers.astype(np.uint8))
    with pytest.raises(DatasetError, match=rf"found.jsonl:1: label_map: .*{re.escape(said)}"):
        _read(tmp_path, {"image": "a.png", "label_map": name})


def test_a_link_to_a_label_map_is_not_followed(tmp_path):
    (tmp_path / "maps").mkdir()
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((4, 6), np.uint8))
    (tmp_path / "maps/a.png").symlink_to(tmp_path / "other.png")
    with pytest.raises(DatasetError, match="label_map"):
        _read(tmp_path, {"image": "a.png", "label_map": "a.png"})


def test_number_0_is_background(tmp_path):
    (tmp_path / "maps").mkdir()
    numbers = np.zeros((4, 6), np.uint8)
    numbers[:, 4:] = 1
    cv2.imwrite(str(tmp_path / "maps/a.png"), numbers)
    line = {"image": "a.png", "label_map": "a.png"}
    for classes, wanted in ((["b"], {"b"}), (["b", "background"], {"b", "background"})):
        table = _read(tmp_path, line, classes=classes)
        masks = read_masks(table["predicted"][0].as_py(), "a", "predicted")
        assert set(masks) == wanted
        assert (masks["b"].pixels() == (numbers == 1)).all()


def _read(tmp_path, line, *, masks: bool = False, classes=("b",)):
    (tmp_path / "found.jsonl").write_text(json.dumps(line))
    model = CommandModel("m", "segmentation", tmp_path, "label-maps", ("x",), {})
    if masks:
        model = CommandModel("m", "detection", tmp_path, "coco", ("x",), {}, masks=True)
    where = tmp_path / "found.jsonl"
    return read_answers_of(where, {"a.png": _entry([])}, list(classes), model, tmp_path / "maps")
