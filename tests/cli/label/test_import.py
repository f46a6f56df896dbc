"""Labels of other tools, in and out."""

import json
import os
import re

import pytest

from tests.cli.label.imported import FIRST, SECOND, counts, documents
from tests.cli.labels import box, label, write_labelme
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Write
from vidset.labeling.task import Image, Task
from vidset.labeling.timestamps import now, parse_timestamp
from vidset.local_labeling.image_names import ImageNames
from vidset.place import Place


def test_import_makes_completed_tasks_without_cost_and_annotations(out, files):
    imported = label("import", files, "-f", "labelme", "-p", out, "--as", "eve", "--yes", "--json")
    assert counts(imported) == {"stored": 2, "new": 2}
    tasks = documents(out, "tasks")
    assert {task["image_uri"] for task in tasks} == {
        f"{out}/images/{FIRST}",
        f"{out}/images/{SECOND}",
    }
    for task in tasks:
        known = (task["state"], task["vendor"], task["cost"], task["booked_on"], task["due_at"])
        assert known == ("completed", "import", 0.0, None, None)
    annotations = {each["image_uri"]: each for each in documents(out, "annotations")}
    first = annotations[f"{out}/images/{FIRST}"]
    assert [(item["label"], item["box"]) for item in first["objects"]] == [
        ("car", {"x": 4.0, "y": 5.0, "width": 20.0, "height": 10.0}),
        ("person", {"x": 30.0, "y": 5.0, "width": 12.0, "height": 10.0}),
    ]
    known = (first["state"], first["annotator"], first["revision"], first["image_width"])
    assert known == ("labeled", "eve", 1, 64)
    assert annotations[f"{out}/images/{SECOND}"]["objects"] == []


def test_import_again_changes_nothing_even_of_files_with_a_new_time(out, files):
    label("import", files, "-f", "labelme", "-p", out, "--yes")
    before = {name: documents(out, name) for name in ("tasks", "annotations", "answers")}
    for file in files.rglob("*.json"):
        os.utime(file)
    again = label("import", files, "-f", "labelme", "-p", out, "--yes", "--json")
    assert counts(again) == {"unchanged": 2}
    assert {name: documents(out, name) for name in before} == before


def test_import_of_a_corrected_file_is_a_revision_of_its_image_alone(out, files):
    label("import", files, "-f", "labelme", "-p", out, "--yes")
    write_labelme(files, FIRST, box("person"))
    again = label("import", files, "-f", "labelme", "-p", out, "--yes", "--json")
    assert counts(again) == {"stored": 1, "changed": 1, "unchanged": 1}
    revisions = {
        each["image_uri"].removeprefix(f"{out}/images/"): (
            each["revision"],
            [item["label"] for item in each["objects"]],
        )
        for each in documents(out, "annotations")
    }
    assert revisions == {FIRST: (2, ["person"]), SECOND: (1, [])}


def test_a_file_of_tomorrow_is_of_now(out, files):
    for file in files.rglob("*.json"):
        os.utime(file, (4e9, 4e9))
    before = now()
    assert (
        label("import", files, "-f", "labelme", "-p", out, "--yes", "--json").found["stored"] == 2
    )
    for annotation in documents(out, "annotations"):
        assert before <= parse_timestamp(annotation["updated_at"]) <= now()


def test_import_takes_the_annotator_and_the_time_that_the_file_tells(out, tmp_path):
    said = {"annotator": "ann", "updated_at": "2026-02-01T10:00:00Z"}
    write_labelme(tmp_path / "told", FIRST, box(), **said)
    write_labelme(tmp_path / "untold", SECOND, box())
    for folder in "told", "untold":
        label(
            "import", tmp_path / folder, "-f", "labelme", "-p", out, "--yes", "--annotator", "bob"
        )
    answers = {each["image_uri"]: each for each in documents(out, "annotations")}
    first, second = answers[f"{out}/images/{FIRST}"], answers[f"{out}/images/{SECOND}"]
    assert (first["annotator"], second["annotator"]) == ("bob", "bob")
    told = [each["imported"]["told"] for each in documents(out, "answers")]
    assert "2026-02-01T10:00:00+00:00" in told


def test_import_of_two_annotators_of_one_image_keeps_both(out, tmp_path):
    for who in "ann", "bob":
        folder = tmp_path / who
        write_labelme(folder, FIRST, box(), annotator=who, updated_at="2026-02-01T10:00:00Z")
        label("import", folder, "-f", "labelme", "-p", out, "--yes")
    assert sorted(each["annotator"] for each in documents(out, "answers")) == ["ann", "bob"]
    assert [each["revision"] for each in documents(out, "annotations")] == [2]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("b/c/0/0000000000.jpg", id="the name below the images"),
        pytest.param("images/b/c/0/0000000000.jpg", id="with images/ before it"),
        pytest.param("0000002000.jpg", id="a unique base name"),
    ],
)
def test_import_finds_an_image_by(out, tmp_path, name):
    # Only a has three images: the base name of its third is unique.
    file = tmp_path / "tasks.json"
    image = {"id": 1, "file_name": name, "width": 64, "height": 48}
    drawn = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 5, 20, 10]}
    categories = [{"id": 1, "name": "car"}]
    file.write_text(
        json.dumps({"images": [image], "annotations": [drawn], "categories": categories})
    )
    assert label("import", file, "-f", "coco", "-p", out, "--yes", "--json").found["stored"] == 1
    [annotation] = documents(out, "annotations")
    assert annotation["image_uri"].endswith(name.removeprefix("images/"))


def test_an_image_is_found_by_its_uri():
    images = [Image(str(n), f"gs://b/images/v/0/{n}.jpg") for n in range(3)]
    names = ImageNames((image, f"v/0/{image.id}.jpg") for image in images)
    assert names.find("gs://b/images/v/0/1.jpg") == images[1]
    assert names.find("gs://other/images/v/0/1.jpg") is None


@pytest.mark.parametrize(
    ("image_path", "message"),
    [
        pytest.param(
            "z/0/0000000000.jpg", r"'z/0/0000000000.jpg' is not among the 5", id="unknown"
        ),
        pytest.param("0000000000.jpg", r"could be any of 2 .* a/0/0000000000.jpg and", id="either"),
        pytest.param("x/0000002000.jpg", r"'x/0000002000.jpg' is not among", id="another folder"),
    ],
)
def test_import_of_what_the_ledger_has_not_stores_nothing_unless_it_is_to_be_skipped(
    out, files, image_path, message
):
    write_labelme(files, image_path, box())
    refused = label("import", files, "-f", "labelme", "-p", out, "--yes")
    assert refused.code == 2
    assert re.search(message, refused.refusal), refused.refusal
    assert documents(out, "tasks") == []
    skipped = label(
        "import", files, "-f", "labelme", "-p", out, "--yes", "--skip-unknown", "--json"
    )
    assert counts(skipped) == {"stored": 2, "new": 2, "unknown": 1}


@pytest.mark.parametrize(
    ("shape", "more", "message"),
    [
        pytest.param(box("unicorn"), {}, "wanted a label of car", id="a label of no template"),
        pytest.param(box(x=60), {}, "16 px outside", id="outside of the image"),
        pytest.param(box(), {"imageWidth": 65}, "width 64, got 65", id="another size"),
        pytest.param(
            box(), {"updated_at": "2100-01-01T00:00:00Z"}, "a time up to now", id="of tomorrow"
        ),
    ],
)
def test_import_of_a_wrong_object_names_it_and_stores_nothing(out, files, shape, more, message):
    write_labelme(files, "b/c/0/0000000000.jpg", shape, **more)
    refused = label("import", files, "-f", "labelme", "-p", out, "--yes")
    assert refused.code == 2
    assert "b/c/0/0000000000.jpg" in refused.refusal
    assert message in refused.refusal
    assert documents(out, "tasks") == []


def test_import_does_not_take_the_task_of_another_vendor(out, files):
    image = next(each for each in Place.of(str(out)).images() if each.uri.endswith(FIRST))
    task = Task.requested(image, "scale", now()).changed(
        state="dispatched", vendor_task_id="s-1", cost=0.5, booked_on="2026-01-01", attempts=1
    )
    SqliteStore(out / "labels.sqlite").commit([Write("tasks", image.id, task.to_document())])
    assert (
        label("import", files, "-f", "labelme", "-p", out, "--yes", "--json").found["stored"] == 2
    )
    [task] = [each for each in documents(out, "tasks") if each["image_id"] == image.id]
    known = (task["vendor"], task["vendor_task_id"], task["cost"], task["state"])
    assert known == ("scale", "s-1", 0.5, "completed")


def test_predictions_are_stored_beside_and_make_no_task(out, files):
    arguments = (
        "import",
        files,
        "-f",
        "labelme",
        "-p",
        out,
        "--predictions",
        "--annotator",
        "yolo-7",
    )
    assert label(*arguments, "--json").found["stored"] == 2
    predictions = documents(out, "predictions")
    assert sorted((each["source"], len(each["objects"])) for each in predictions) == [
        ("yolo-7", 0),
        ("yolo-7", 2),
    ]
    assert documents(out, "tasks") == documents(out, "annotations") == []
    assert counts(label(*arguments, "--json")) == {}
    write_labelme(files, SECOND, box())
    assert label(*arguments, "--json").found["stored"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ("x", "-f", "csvs"),
            "labelme, parquet, tfrecord, voc, webdataset, yolo, got 'csvs'; did you mean csv?",
            id="format",
        ),
        pytest.param(("x",), "wanted -f FORMAT, one of bdd100k, cityscapes, coco", id="no format"),
        pytest.param(("coco:none.json",), "none.json", id="no file"),
    ],
)
def test_bad_usage_is_refused(out, arguments, message):
    refused = label("import", *arguments, "-p", out)
    assert refused.code == 2
    assert message in refused.refusal
