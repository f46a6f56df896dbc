"""What formats cannot say is refused, or counted."""

from dataclasses import replace

import pytest

from tests.cli.exports import (
    CAR,
    FIRST,
    PERSON,
    RAIN,
    ROAD,
    SECOND,
    annotate,
    export,
    make_labeled,
    write_annotations,
)
from vidset.formats.export import ExportedFiles
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.task import Image

NAMED = replace(CAR, attributes={"label": "x"})
BEYOND = replace(CAR, box=replace(CAR.box, x=50.0))
TWICE = (RAIN, replace(RAIN, id="w2"))
RAINING_HARD = replace(RAIN, attributes={"much": True})


@pytest.mark.parametrize(
    ("name", "objects", "what", "place", "left"),
    [
        pytest.param("coco", (RAIN,), "classifications", "w1 (rain)", 0, id="coco word"),
        pytest.param("fiftyone", (RAIN,), "classifications", "w1 (rain)", 0, id="fiftyone word"),
        pytest.param("fiftyone", (ROAD,), "outlines", "r1 (road)", 1, id="fiftyone outline"),
        pytest.param(
            "fiftyone",
            (NAMED,),
            "attributes of the names of its own fields",
            "c1 (car)",
            1,
            id="fiftyone attribute",
        ),
        pytest.param("tfrecord", (ROAD,), "outlines", "r1 (road)", 1, id="tfrecord outline"),
        pytest.param(
            "tfrecord", (BEYOND,), "objects outside of the image", "c1 (car)", 0, id="tfrecord far"
        ),
        pytest.param("voc", (ROAD,), "outlines", "r1 (road)", 1, id="voc outline"),
        pytest.param("voc", (BEYOND,), "objects outside of the image", "c1 (car)", 0, id="voc far"),
        pytest.param(
            "voc", TWICE, "repeated classifications", "w2 (rain)", 1, id="voc repeated word"
        ),
        pytest.param(
            "voc",
            (RAINING_HARD,),
            "attributes of classifications",
            "w1 (rain)",
            1,
            id="voc attributes of a word",
        ),
        pytest.param("yolo", (CAR,), "attributes", "c1 (car)", 1, id="yolo attributes"),
    ],
)
def test_what_a_format_cannot_say_is_refused_or_counted(
    tmp_path, to, name, objects, what, place, left
):
    out = make_labeled(tmp_path / "other", {FIRST: (PERSON, *objects)})
    with pytest.raises(ValueError, match="cannot say") as refused:
        export(name, out, to)
    stem = "a__0__0000000000.jpg" if name in ("voc", "yolo") else FIRST
    assert f"image {stem!r}, object {place}: " in str(refused.value)
    assert f" cannot say {what};" in str(refused.value)
    assert not any(to.parent.iterdir())
    done = export(name, out, to, lossy=True)
    assert set(done.dropped) == {what}
    assert done.objects == 1 + left


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        pytest.param("coco", (CAR, ROAD), id="coco"),
        pytest.param("fiftyone", (CAR, PERSON), id="fiftyone"),
        pytest.param("labelme", (CAR, ROAD, RAIN), id="labelme"),
        pytest.param("parquet", (CAR, ROAD, RAINING_HARD, BEYOND), id="parquet"),
        pytest.param("tfrecord", (CAR, PERSON, RAIN), id="tfrecord"),
        pytest.param("voc", (CAR, PERSON, RAIN), id="voc"),
        pytest.param("webdataset", (CAR, ROAD, RAINING_HARD, BEYOND), id="webdataset"),
        pytest.param("yolo", (PERSON,), id="yolo"),
    ],
)
def test_what_a_format_can_say_is_written_without_lossy(tmp_path, to, name, objects):
    out = make_labeled(tmp_path / "other", {FIRST: objects, SECOND: ()})
    done = export(name, out, to)
    assert done == ExportedFiles(2, len(objects), {}, {"skipped": 0, "rejected": 0})


@pytest.mark.parametrize("name", ["fiftyone", "tfrecord", "voc"])
def test_boxes_in_parts_of_an_image_want_its_size(out, to, name):
    image = Image("0" * 32, f"{out}/images/{FIRST}")
    (out / "labels.sqlite").unlink()
    write_annotations(out / "labels.sqlite", [(image, (PERSON,), "labeled")])
    with pytest.raises(ValueError, match="wants its width and height, got none"):
        export(name, out, to)


def test_a_word_of_another_kind_and_a_box_can_have_one_label(tmp_path, to):
    both = LabeledObject("w", "car", "classification")
    out = make_labeled(tmp_path / "other", {FIRST: (PERSON, both)})
    annotate(out, {SECOND: ()})
    export("voc", out, to)
    lines = (to / "ImageSets/Main/car_trainval.txt").read_text().splitlines()
    assert sorted(lines) == ["a__0__0000000000  1", "a__0__0000001000 -1"]
