"""Labels are exported, edited elsewhere and imported: edits hold, and nothing else changes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.called import vidset
from tests.cli.label.editors import EDITORS
from tests.cli.label.imported import counts, documents
from tests.cli.labels import HEIGHT, WIDTH, box, label, make_output, write_labelme
from vidset.formats.format import ImageLabels
from vidset.formats.registry import format_named, formats
from vidset.labeling.annotation import Box, LabeledObject, Ring
from vidset.masks import Mask

IMAGES = [f"a/0/{second * 1000:010d}.jpg" for second in range(8)]
CAR, PERSON = ("car", (4, 5, 20, 10)), ("person", (30, 5, 12, 10))
NEW = (1, 1, 9, 8)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A place with a car and a person in each image."""
    out = make_output(tmp_path / "out", {"a.mp4": len(IMAGES) + 1})
    for image in IMAGES:
        write_labelme(tmp_path / "labelme", image, box(), box("person", x=30, width=12))
    assert (
        label("import", tmp_path / "labelme", "-f", "labelme", "-p", out, "--as", "ann").code == 0
    )
    return out


def exported(out: Path, name: str, path: Path, *more: str) -> Path:
    words = ("export", "-f", name, "-o", path, "--labels-only", "-p", out, *more)
    assert vidset(*words).code == 0
    return path


def imported(out: Path, name: str, path: Path, *more: str, by: str = "eve"):
    return label("import", path, "-f", name, "-p", out, "--as", by, "--yes", "--json", *more)


def stored(out: Path) -> dict[str, tuple[str, set[tuple[str, tuple[float, ...]]]]]:
    """Who has said what of each image."""
    found = {}
    for each in documents(out, "annotations"):
        boxes = {
            (item["label"], tuple(round(item["box"][k], 2) for k in ("x", "y", "width", "height")))
            for item in each["objects"]
        }
        found[each["image_uri"].partition("/images/")[2]] = each["annotator"], boxes
    return found


def test_there_is_an_editor_of_each_format_that_both_reads_and_writes():
    both = {name for name, each in formats().items() if "box" in each.reads & each.writes}
    # These hold images and labels together: programs write them, and nobody edits them by hand.
    assert both - {"parquet", "tfrecord", "webdataset"} == set(EDITORS)


@pytest.mark.parametrize("name", EDITORS)
def test_each_kind_of_edit_holds_and_nothing_else_changes(out, tmp_path, name):
    path = exported(out, name, tmp_path / "exported")
    assert counts(imported(out, name, path)) == {"unchanged": 8}
    editor = EDITORS[name](path)
    editor.place(editor.boxes(IMAGES[1])[0], (7, 5, 20, 10))
    editor.relabel(editor.boxes(IMAGES[2])[0], "person")
    editor.add(IMAGES[3], "car", NEW)
    editor.delete(IMAGES[4], editor.boxes(IMAGES[4])[0])
    for _ in range(2):
        editor.delete(IMAGES[5], editor.boxes(IMAGES[5])[0])
    editor.forget(IMAGES[6])
    editor.save()
    found = imported(out, name, path)
    # YOLO lists the image whose label file is gone.
    forgotten = {"unlabeled": 1} if name == "yolo" else {}
    assert counts(found) == {"stored": 4, "changed": 4, "unchanged": 2, "emptied": 1, **forgotten}
    assert found.found["labels"] == {"car": [4, 3], "person": [4, 5]}
    as_it_was = "ann", {CAR, PERSON}
    expected = {
        IMAGES[0]: as_it_was,
        IMAGES[1]: ("eve", {("car", (7, 5, 20, 10)), PERSON}),
        IMAGES[2]: ("eve", {("person", CAR[1]), PERSON}),
        IMAGES[3]: ("eve", {CAR, PERSON, ("car", NEW)}),
        IMAGES[4]: ("eve", {PERSON}),
        IMAGES[5]: as_it_was,
        IMAGES[6]: as_it_was,
        IMAGES[7]: as_it_was,
    }
    assert stored(out) == expected
    assert counts(imported(out, name, path, "--allow-empty")) == {
        "stored": 1,
        "unchanged": 6,
        "emptied": 1,
        **forgotten,
    }
    assert stored(out) == expected | {IMAGES[5]: ("eve", set())}


def test_of_one_export_that_two_people_edit_both_parts_hold(out, tmp_path):
    alices, bobs = (exported(out, "coco", tmp_path / f"{who}.json") for who in ("alice", "bob"))
    for path, image in (alices, IMAGES[1]), (bobs, IMAGES[2]):
        editor = EDITORS["coco"](path)
        editor.add(image, "car", NEW)
        editor.save()
    first = imported(out, "coco", alices, by="the lead")
    assert counts(first) == {"stored": 1, "changed": 1, "unchanged": 7}
    second = imported(out, "coco", bobs, by="the lead")
    assert counts(second) == {"stored": 1, "changed": 1, "unchanged": 6, "conflicting": 1}
    assert f"{IMAGES[1]}: the lead changed it since" in second.err
    assert [len(stored(out)[image][1]) for image in IMAGES[:3]] == [2, 3, 3]


def test_of_a_file_without_dates_that_says_what_was_corrected_since_nothing_is_taken_back(
    out, tmp_path
):
    alices, bobs = (exported(out, "yolo", tmp_path / who) for who in ("alice", "bob"))
    for path, image in (alices, IMAGES[1]), (bobs, IMAGES[2]):
        editor = EDITORS["yolo"](path)
        editor.add(image, "car", NEW)
        (path / "origins.jsonl").unlink()  # Other tools keep the labels alone.
    assert counts(imported(out, "yolo", alices)) == {"stored": 1, "changed": 1, "unchanged": 7}
    second = imported(out, "yolo", bobs)
    assert counts(second) == {"stored": 1, "changed": 1, "unchanged": 6, "conflicting": 1}
    assert f"{IMAGES[1]}: the file says what revision 1 said" in second.err
    assert imported(out, "yolo", bobs, "--force").found["stored"] == 1
    assert stored(out)[IMAGES[1]] == ("eve", {CAR, PERSON})


def test_a_file_that_was_edited_further_is_a_later_state_of_the_same_work(out, tmp_path):
    path = exported(out, "coco", tmp_path / "x.json")
    for x in (6, 8, 4):
        editor = EDITORS["coco"](path)
        editor.place(editor.boxes(IMAGES[0])[0], (x, 5, 20, 10))
        editor.save()
        assert imported(out, "coco", path).found["stored"] == 1
        assert stored(out)[IMAGES[0]] == ("eve", {("car", (x, 5, 20, 10)), PERSON})


def test_labels_that_changed_since_the_export_are_not_emptied(out, tmp_path):
    path = exported(out, "coco", tmp_path / "x.json")
    other = exported(out, "csv", tmp_path / "other.csv")
    editor = EDITORS["csv"](other)
    editor.add(IMAGES[0], "car", NEW)
    editor.save()
    assert imported(out, "csv", other, by="bob").found["stored"] == 1
    editor = EDITORS["coco"](path)
    for _ in range(2):
        editor.delete(IMAGES[0], editor.boxes(IMAGES[0])[0])
    editor.save()
    for more, left in (("--force",), "emptied"), (("--allow-empty",), "conflicting"):
        assert counts(imported(out, "coco", path, *more)) == {left: 1, "unchanged": 7}
        assert len(stored(out)[IMAGES[0]][1]) == 3
    assert imported(out, "coco", path, "--force", "--allow-empty").found["stored"] == 1
    assert stored(out)[IMAGES[0]] == ("eve", set())


TEMPLATE = """\
name: everything
labels:
  - {name: car}
  - {name: turned, type: rotated_box}
  - {name: road, type: polygon}
  - {name: sky, type: mask}
  - {name: night, type: classification}
attributes:
  - {name: colour, choices: [red, dark blue]}
"""


def everything() -> tuple[LabeledObject, ...]:
    """An object of each kind, with attributes, and with more decimals than formats write."""
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    pixels[2:9, 40:60] = True
    ring = Ring(((3.125, 20.0625), (30.5, 20.0), (30.25, 40.5), (3.5, 40.75)))
    hole = Ring(((10.0, 25.0), (20.0, 25.0), (20.0, 35.0), (10.0, 35.0)), hole=True)
    red = {"colour": "red"}
    return (
        LabeledObject("1", "car", "box", box=Box(4.123456, 5.4, 20.3, 10.7), attributes=red),
        LabeledObject(
            "2", "turned", "rotated_box", box=Box(36.0, 26.0, 16.0, 9.0, 30.0), attributes=red
        ),
        LabeledObject("3", "road", "polygon", rings=(ring, hole), attributes=red),
        LabeledObject("4", "sky", "mask", mask=Mask.of(pixels)),
        LabeledObject("5", "night", "classification"),
    )


@pytest.fixture
def full(tmp_path: Path, monkeypatch) -> Path:
    """A place with an object of each kind in two images."""
    out = make_output(tmp_path / "out", {"a.mp4": 3})
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    monkeypatch.setenv("LABELING_TEMPLATE", str(tmp_path / "template.yaml"))
    said = [ImageLabels(image, WIDTH, HEIGHT, everything()) for image in IMAGES[:2]]
    format_named("csv").writer().write(said, tmp_path / "all.csv")
    assert imported(out, "csv", tmp_path / "all.csv", by="ann").found["stored"] == 2
    return out


def objects(out: Path, image: str) -> dict[str, Any]:
    """By what they say but for their ids, and for the place of a car."""
    [found] = [each for each in documents(out, "annotations") if each["image_uri"].endswith(image)]
    return {item["label"]: {**item, "id": None} for item in found["objects"]}


@pytest.mark.parametrize("name", EDITORS)
def test_what_a_format_cannot_say_stays(full, tmp_path, name):
    before = objects(full, IMAGES[1])
    assert sorted(before) == ["car", "night", "road", "sky", "turned"]
    path = exported(full, name, tmp_path / "exported", "--lossy")
    assert counts(imported(full, name, path)) == {"unchanged": 2}
    editor = EDITORS[name](path)
    editor.place(editor.boxes(IMAGES[1])[0], (6, 6, 20, 10))
    editor.save()
    assert counts(imported(full, name, path)) == {"stored": 1, "changed": 1, "unchanged": 1}
    after = objects(full, IMAGES[1])
    box = after["car"].pop("box")
    assert {key: round(value, 3) for key, value in box.items()} == {
        "x": 6.0,
        "y": 6.0,
        "width": 20.0,
        "height": 10.0,
    }
    del before["car"]["box"]
    assert json.dumps(after, sort_keys=True) == json.dumps(before, sort_keys=True)


def test_decimals_that_a_tool_cut_off_are_no_edit(full, tmp_path):
    path = exported(full, "cvat", tmp_path / "x.xml", "--lossy")
    editor = EDITORS["cvat"](path)
    for image in IMAGES[:2]:  # CVAT writes two decimals.
        editor.place(editor.boxes(image)[0], (4.123456, 5.4, 20.3, 10.7))
    editor.save()
    assert counts(imported(full, "cvat", path)) == {"unchanged": 2}


def test_an_edit_holds_also_where_a_majority_decides(out, tmp_path, monkeypatch):
    monkeypatch.setenv("LABELING_CONSENSUS", "majority")
    for who, x in ("eve", 6), ("fred", 8):
        path = exported(out, "coco", tmp_path / f"{who}.json")
        editor = EDITORS["coco"](path)
        editor.add(IMAGES[0], "car", (x * 4, 30, 9, 9))
        editor.save()
        assert imported(out, "coco", path, by=who).found["stored"] == 1
    expected = {CAR, PERSON, ("car", (24, 30, 9, 9)), ("car", (32, 30, 9, 9))}
    assert stored(out)[IMAGES[0]] == ("fred", expected)
