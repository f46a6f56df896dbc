"""`vidset evaluate --draw`: what a run says, drawn on the images, for every kind of label."""

import json

import cv2
import numpy as np
import pyarrow as pa
import pytest

from tests.cli.called import vidset
from tests.training.scoring.runs import classified, detected, make_run, make_version, png
from vidset.datasets.images.measures import decode
from vidset.masks import Mask
from vidset.training.scoring.pixels import masks_to_json
from vidset.training.scoring.predictions import SCHEMA as PREDICTIONS

SIDE = 24
BOX = {"x": 4, "y": 6, "width": 12, "height": 10}
ORANGE = (255, 140, 40)  # The first label's.


def square() -> Mask:
    pixels = np.zeros((SIDE, SIDE), bool)
    pixels[6:16, 4:16] = True
    return Mask.of(pixels)


def read(path) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture[..., ::-1]


def labels_run(root):
    manifest = make_version(
        root / "datasets", [{"uri": f"drive/{name}.png", "label": name} for name in ("i", "x")]
    )
    answers = {"drive/x.png": "i"}
    return make_run(
        root / "run",
        manifest,
        {"validation": {1: classified(manifest, "validation", ["i", "x"], answers)}},
    )


def objects_run(root, *, has_masks: bool):
    mask = {"mask": square().to_document()} if has_masks else {}
    objects = [{"label": "car", "box": BOX, **mask}]
    manifest = make_version(root / "datasets", [{"uri": "drive/a.png", "objects": objects}])
    found = [
        {**objects[0], "score": 0.9},
        {"label": "car", "box": {"x": 0, "y": 0, "width": 2, "height": 2}, "score": 0.1, **mask},
    ]
    return make_run(
        root / "run",
        manifest,
        {"validation": {1: detected(manifest, "validation", {"drive/a.png": found})}},
        task="detection",
        classes=["car"],
        model="maskrcnn-r50-fpn",
    )


def pixels_run(root):
    objects = [{"id": "1", "label": "road", "type": "mask", "mask": square().to_document()}]
    manifest = make_version(root / "datasets", [{"uri": "drive/a.png", "objects": objects}])
    [entry] = manifest.split("validation")
    row = {
        "image_sha256": entry.image_sha256,
        "image_uri": entry.image_uri,
        "origin": entry.origin,
        "truth": masks_to_json({"road": square()}),
        "predicted": masks_to_json({"road": square()}),
    }
    return make_run(
        root / "run",
        manifest,
        {"validation": {1: pa.Table.from_pylist([row], PREDICTIONS)}},
        task="segmentation",
        classes=["background", "road"],
        model="unet-r18-320x180",
    )


def draw(run, folder, *more):
    return vidset("evaluate", run, "-p", run.parent, "--draw", folder, *more)


def test_labels_are_drawn_and_said(tmp_path):
    done = draw(labels_run(tmp_path), tmp_path / "drawn", "--json")
    assert done.code == 0, done.err
    assert done.found["drawn"] == 2
    right, wrong = (read(tmp_path / f"drawn/validation/{name}.png") for name in ("i", "x"))
    assert right.shape[1] == wrong.shape[1] == 480
    # Green and red below the picture.
    assert (right[480:, :, 1].astype(int) - right[480:, :, 0]).max() > 80
    assert (wrong[480:, :, 0].astype(int) - wrong[480:, :, 1]).max() > 80


@pytest.mark.parametrize("has_masks", [False, True], ids=["boxes", "masks"])
def test_objects_that_count_as_answers_are_drawn(tmp_path, has_masks):
    done = draw(objects_run(tmp_path, has_masks=has_masks), tmp_path / "drawn")
    assert done.code == 0, done.err
    assert f"1 image drawn in {tmp_path / 'drawn'}" in done.out
    picture = read(tmp_path / "drawn/validation/a.png")
    assert tuple(picture[11 * 20, 4 * 20]) == ORANGE  # The left edge, 20 times as large.
    assert not (picture[:30, 30:50] == ORANGE).all(axis=2).any()  # 0.1 is no answer.
    before = decode(png(0), "a.png")[13, 10]
    filled = (0.65 * before + 0.35 * np.array(ORANGE)).round()
    assert tuple(picture[13 * 20 + 10, 10 * 20 + 10]) == tuple(filled if has_masks else before)


def test_pixels_are_drawn_beside_those_that_are_true(tmp_path):
    done = draw(pixels_run(tmp_path), tmp_path / "drawn")
    assert done.code == 0, done.err
    picture = read(tmp_path / "drawn/validation/a.png")
    assert picture.shape[1] == 2 * 480 + 4
    assert (picture[:480, :480] == picture[:480, 484:])[40:].all()


def test_the_same_run_draws_again_and_nothing_else_is_replaced(tmp_path):
    run = labels_run(tmp_path)
    folder = tmp_path / "drawn"
    assert draw(run, folder).code == 0
    before = (folder / "validation/x.png").read_bytes()
    assert draw(run, folder).code == 0
    assert (folder / "validation/x.png").read_bytes() == before
    details = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**details, "run_id": "another"}))
    refused = draw(run, folder)
    assert refused.code == 2
    assert "--draw" in refused.err
    assert "name another folder" in refused.err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/x.txt").write_text("keep")
    assert draw(run, tmp_path / "mine").code == 2
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["x.txt"]
    assert draw(run, "gs://bucket/drawn").code == 2
