"""What an import will change is said before, and labels do not go in silence."""

import json
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.label.imported import FIRST, SECOND, counts, documents
from tests.cli.labels import HEIGHT, WIDTH, box, label, make_output, write_labelme
from tests.cli.ledger_rows import frame_row
from vidset.formats.registry import format_named


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A place with labels: two objects in the first image, one in the second."""
    out = make_output(tmp_path / "out", {"a.mp4": 4})
    folder = tmp_path / "labelme"
    write_labelme(folder, FIRST, box(), box("person", x=30, width=12))
    write_labelme(folder, SECOND, box())
    assert label("import", folder, "-f", "labelme", "-p", out).code == 0
    return out


def write_coco(file: Path, boxes: dict[str, list[float]], **image: object) -> Path:
    """One box, or none, for each image."""
    images, annotations = [], []
    for number, (name, bbox) in enumerate(boxes.items(), 1):
        size = {"width": WIDTH, "height": HEIGHT}
        images.append({"id": number, "file_name": name, **size, **image})
        if bbox:
            annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": bbox})
    categories = [{"id": 1, "name": "car"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    file.write_text(json.dumps(document))
    return file


def objects_of(out: Path, name: str) -> list[str]:
    [found] = [each for each in documents(out, "annotations") if each["image_uri"].endswith(name)]
    return [item["label"] for item in found["objects"]]


def test_a_half_done_file_leaves_the_labels_of_what_it_does_not_annotate(out, tmp_path):
    file = write_coco(tmp_path / "half.json", {FIRST: [], SECOND: [1, 2, 30, 20]})
    imported = label("import", file, "-f", "coco", "-p", out, "--json")
    assert counts(imported) == {"stored": 1, "changed": 1, "emptied": 1}
    assert objects_of(out, FIRST) == ["car", "person"]
    assert f"left as it is: {FIRST}: 2 objects are stored" in imported.err


def test_labels_are_replaced_by_nothing_only_if_one_says_so(out, tmp_path):
    file = write_coco(tmp_path / "none.json", {FIRST: []})
    refused = label("import", file, "-f", "coco", "-p", out, "--allow-empty")
    assert refused.code == 2
    assert "1 images will have fewer objects than now" in refused.refusal
    assert objects_of(out, FIRST) == ["car", "person"]
    assert label("import", file, "-f", "coco", "-p", out, "--allow-empty", "--yes").code == 0
    assert objects_of(out, FIRST) == []


def test_a_dry_run_shows_the_plan_and_stores_nothing(out, tmp_path):
    file = write_coco(tmp_path / "x.json", {FIRST: [1, 2, 30, 20]})
    before = documents(out, "annotations")
    shown = label("import", file, "-f", "coco", "-p", out, "--dry-run")
    assert shown.code == 0
    assert "images: 1 changed" in shown.out
    assert shown.out.splitlines()[1:4] == [
        "label   objects now  afterwards",
        "car               1           1",
        "person            1           0",
    ]
    assert documents(out, "annotations") == before


@pytest.mark.parametrize("name", ["coco", "labelme", "label-studio"])
def test_an_edit_of_an_export_holds_as_a_revision_of_who_imports_it(out, tmp_path, name):
    file = tmp_path / ("exported" if name == "labelme" else "exported.json")
    arguments = ("export", "-f", name, "-o", file, "--labels-only", "-p", out)
    assert vidset(*arguments).code == 0
    for each in [file] if file.is_file() else file.rglob("0*.json"):
        each.write_text(each.read_text().replace('"person"', '"bus"'))
    again = label("import", file, "-f", name, "-p", out, "--as", "eve", "--json")
    assert counts(again) == {"stored": 1, "changed": 1, "unchanged": 1}
    [found] = [each for each in documents(out, "annotations") if each["annotator"] == "eve"]
    assert sorted(item["label"] for item in found["objects"]) == ["bus", "car"]
    assert found["revision"] == 2
    answers = [each["imported"] for each in documents(out, "answers")]
    assert [each["base_revision"] for each in answers if each["by"] == "eve"] == [1]


def test_an_answer_that_changed_since_the_export_is_a_conflict(out, tmp_path):
    file = tmp_path / "exported.json"
    vidset("export", "-f", "coco", "-o", file, "--labels-only", "-p", out)
    other = write_coco(tmp_path / "other.json", {SECOND: [1, 1, 9, 9]})
    assert label("import", other, "-f", "coco", "-p", out, "--as", "bob").code == 0
    file.write_text(file.read_text().replace("20.0", "22.0"))
    found = label("import", file, "-f", "coco", "-p", out, "--as", "eve", "--json")
    assert counts(found) == {"stored": 1, "changed": 1, "conflicting": 1}
    assert f"{SECOND}: bob changed it since: it is at revision 2" in found.err
    forced = label("import", file, "-f", "coco", "-p", out, "--as", "eve", "--force", "--json")
    assert forced.found["stored"] == 1


def test_a_file_that_is_older_than_the_answer_is_a_conflict_unless_it_counts_as_of_later(
    out, tmp_path
):
    told = {"updated_at": "2024-01-01T00:00:00Z"}
    file = write_coco(tmp_path / "old.json", {SECOND: [1, 1, 9, 9]}, **told)
    found = label("import", file, "-f", "coco", "-p", out, "--json")
    assert counts(found) == {"conflicting": 1}
    assert "labeled it at" in found.err
    later = ("--since", "2100-01-01", "--json")
    assert label("import", file, "-f", "coco", "-p", out, *later).found["stored"] == 1


def test_a_second_export_leaves_only_what_was_exported_last(out, tmp_path):
    target = tmp_path / "exported"
    arguments = ("export", "-f", "labelme", "-o", target, "--labels-only", "-p", out)
    assert vidset(*arguments).code == 0
    (target / "notes.txt").write_text("mine")
    assert "exists: --overwrite replaces an earlier export" in vidset(*arguments).refusal
    (out / "labels.sqlite").unlink()
    one = write_coco(tmp_path / "one.json", {FIRST: [1, 1, 9, 9]})
    label("import", one, "-f", "coco", "-p", out)
    assert vidset(*arguments, "--overwrite").code == 0
    assert sorted(file.name for file in target.rglob("*.*") if file.is_file()) == [
        "0000000000.json",
        "notes.txt",
        "vidset-export.json",
    ]


@pytest.mark.parametrize("name", ["coco", "labelme", "label-studio"])
def test_an_export_says_of_each_image_its_video_time_and_collector(out, tmp_path, name):
    file = tmp_path / ("exported" if name == "labelme" else "exported.json")
    arguments = ("export", "-f", name, "-o", file, "--labels-only", "-p", out)
    assert vidset(*arguments).code == 0
    found = sorted(format_named(name).read(file), key=lambda each: each.image_name)
    assert [(each.video_uri, each.pts_seconds) for each in found] == [
        ("/videos/a.mp4", 0.0),
        ("/videos/a.mp4", 1.0),
    ]
    assert {each.collector_id for each in found} == {frame_row().collector_id}
