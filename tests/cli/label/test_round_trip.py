"""What is exported can be imported again."""

import json
import shutil

import pytest

from tests.cli.called import vidset
from tests.cli.label.imported import FIRST, SECOND, counts, documents
from tests.cli.labels import label


@pytest.mark.parametrize("name", ["coco", "labelme", "yolo", "label-studio"])
def test_what_is_exported_is_imported_as_the_same_objects(out, files, tmp_path, name):
    label("import", files, "-f", "labelme", "-p", out, "--yes")
    target = tmp_path / f"{name}.out"
    target = target.with_suffix(".json") if name in ("coco", "label-studio") else target
    written = vidset("export", "-f", name, "-o", target, "--labels-only", "-p", out, "--json")
    assert (written.code, written.found["images"], written.found["objects"]) == (0, 2, 2)
    if name == "yolo":  # Its images are beside the labels.
        shutil.copytree(out / "images", target / "images")
        for unlabeled in {*target.rglob("*.jpg")} - {
            target / "images" / f for f in (FIRST, SECOND)
        }:
            unlabeled.unlink()
    before = documents(out, "annotations")
    (out / "labels.sqlite").unlink()
    assert label("import", target, "-f", name, "-p", out, "--yes", "--json").found["stored"] == 2
    for one, other in zip(before, documents(out, "annotations"), strict=True):
        assert one["image_id"] == other["image_id"]
        for mine, theirs in zip(one["objects"], other["objects"], strict=True):
            assert mine["label"] == theirs["label"]
            assert theirs["box"] == pytest.approx(mine["box"])


def test_a_template_fixes_the_numbers_of_the_labels(out, files, tmp_path):
    label("import", files, "-f", "labelme", "-p", out, "--yes")
    template = tmp_path / "template.yaml"
    template.write_text("name: x\nlabels: [{name: person}, {name: dog}, {name: car}]\n")
    vidset("export", "-f", "coco", "-o", tmp_path / "sorted.json", "--labels-only", "-p", out)
    vidset(
        "export",
        "-f",
        "coco",
        "-o",
        tmp_path / "ordered.json",
        "--labels-only",
        "-p",
        out,
        "--template",
        template,
    )
    names = {
        file: [category["name"] for category in json.loads(path.read_text())["categories"]]
        for file in ("sorted", "ordered")
        for path in [tmp_path / f"{file}.json"]
    }
    assert names == {"sorted": ["car", "person"], "ordered": ["person", "dog", "car"]}


def test_export_after_the_output_was_moved_still_has_the_names(out, files, tmp_path):
    label("import", files, "-f", "labelme", "-p", out, "--yes")
    moved = tmp_path / "elsewhere"
    shutil.move(out, moved)
    assert (
        vidset("export", "-f", "coco", "-o", tmp_path / "x.json", "--labels-only", "-p", moved).code
        == 0
    )
    images = json.loads((tmp_path / "x.json").read_text())["images"]
    assert sorted(image["file_name"] for image in images) == [FIRST, SECOND]
    again = label("import", tmp_path / "x.json", "-f", "coco", "-p", moved, "--yes", "--json")
    assert counts(again) == {"unchanged": 2}
