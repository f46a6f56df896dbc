"""The labeling part of the demo: the truth fits the pictures, and comes back by HTTP once."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.labels import label
from vidset.cli.demo.drive import run_demo
from vidset.demo.drive import DRIVE
from vidset.demo.labels_sheet import choose, write_labels_sheet
from vidset.demo.rendering import Renderer
from vidset.labeling.annotation import Annotation, Box, LabeledObject
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query

pytestmark = pytest.mark.slow
KEPT = [*range(20), *range(25, 30), *range(40, 43), 46, 47]


def documents(folder: Path, collection: str) -> dict[str, dict]:
    store = SqliteStore(folder / "labels.sqlite")
    return {stored.id: stored.document for stored in store.find(Query(collection))}


def second_of(image: str) -> float:
    return int(Path(image).stem) / 1000


def test_each_kept_image_is_labeled_by_one_task(drive):
    tasks, annotations = documents(drive, "tasks"), documents(drive, "annotations")
    assert sorted(second_of(task["image_uri"]) for task in tasks.values()) == KEPT
    assert {(task["state"], task["vendor"], task["attempts"]) for task in tasks.values()} == {
        ("completed", "truth", 1)
    }
    assert tasks.keys() == annotations.keys()
    assert {(one["state"], one["revision"]) for one in annotations.values()} == {("labeled", 1)}
    assert documents(drive, "quarantine") == {}


def test_the_boxes_are_where_the_pictures_differ_from_an_empty_road(drive):
    empty, compared = Renderer(replace(DRIVE, movers=())), 0
    for annotation in documents(drive, "annotations").values():
        picture = cv2.imread(annotation["image_uri"])
        assert picture is not None
        bare = empty.frame(round(second_of(annotation["image_uri"]) * DRIVE.fps))
        changed = np.abs(picture[..., ::-1].astype(int) - bare).max(axis=2) > 40
        boxes = [item["box"] for item in annotation["objects"]]
        edges = [(b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]) for b in boxes]
        for place, box in enumerate(edges):
            others = edges[:place] + edges[place + 1 :]
            if is_alone(box, others) and box[0] > 0 and box[2] < DRIVE.width:
                assert box == pytest.approx(bounds_of_change(changed, box), abs=4)
                compared += 1
    assert compared == 32


def is_alone(box: tuple, others: list[tuple]) -> bool:
    left, top, right, bottom = box
    return not any(
        o[0] < right + 8 and left - 8 < o[2] and o[1] < bottom + 8 and top - 8 < o[3]
        for o in others
    )


def bounds_of_change(changed: np.ndarray, box: tuple) -> tuple[int, int, int, int]:
    """The edges of what has changed in the box and close to it, but for specks."""
    left, top = max(int(box[0]) - 8, 0), max(int(box[1]) - 8, 0)
    near = changed[top : int(box[3]) + 8, left : int(box[2]) + 8].astype(np.uint8)
    _, patch_of, patches, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    large = [number for number, patch in enumerate(patches) if number and patch[4] >= 8]
    x, y, width, height = cv2.boundingRect(np.isin(patch_of, large).astype(np.uint8))
    return left + x, top + y, left + x + width, top + y + height


def test_coco_json_holds_the_same_boxes(drive):
    coco = json.loads((drive / "coco.json").read_text())
    names = {category["id"]: category["name"] for category in coco["categories"]}
    found = sorted((names[one["category_id"]], one["bbox"]) for one in coco["annotations"])
    wanted = sorted(
        (item["label"], [item["box"][side] for side in ("x", "y", "width", "height")])
        for one in documents(drive, "annotations").values()
        for item in one["objects"]
    )
    assert found == wanted
    assert len(found) == 45
    assert {image["file_name"].split("/")[0] for image in coco["images"]} == {"drive"}


def test_a_second_demo_sends_no_task_and_changes_nothing(drive, capsys):
    names = ("tasks", "annotations", "answers", "state")
    before = {name: documents(drive, name) for name in names}
    files = {name: (drive / name).read_bytes() for name in ("coco.json", "labels.jpg")}
    times = (drive / "truth.jsonl").stat().st_mtime_ns
    assert run_demo(None, str(drive)) == 0
    out = capsys.readouterr().out
    assert "30 images labeled (all of them before, no task sent again)" in out
    assert "36 car, 9 person; 0 answers in quarantine" in out
    assert {name: documents(drive, name) for name in names} == before
    assert {name: (drive / name).read_bytes() for name in files} == files
    assert (drive / "truth.jsonl").stat().st_mtime_ns == times


def test_json_tells_of_the_labeling(drive, capsys, monkeypatch):
    monkeypatch.chdir(drive.parent)
    assert run_demo(None, drive.name, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["labeling"] == {
        "dispatched": 0,
        "annotations": {"labeled": 30, "skipped": 0, "rejected": 0},
        "objects": {"car": 36, "person": 9},
        "quarantine": 0,
        "problems": [],
        "sheet": f"{drive.name}/labels.jpg",
        "coco": f"{drive.name}/coco.json",
    }


def test_the_environment_of_the_user_is_not_the_demos(drive, monkeypatch):
    monkeypatch.setenv("LABELING_VENDOR", "scale")
    monkeypatch.setenv("LABELING_STORE", "firestore://production")
    monkeypatch.setenv("LABELING_BUDGET", "nonsense")
    assert run_demo(None, str(drive), quiet=True) == 0


def test_the_commands_go_on_where_the_demo_ended(drive, monkeypatch):
    monkeypatch.setenv("LABELING_VENDOR", "label-studio")
    found = label("status", "-p", drive, "--json").found
    assert (found["tasks"]["completed"], found["labels"]) == (30, {"car": 36, "person": 9})


def test_the_labels_sheet_draws_boxes_in_the_colour_of_their_label(tmp_path):
    path = tmp_path / "grey.jpg"
    cv2.imwrite(str(path), np.full((207, 414, 3), 90, np.uint8))
    car = LabeledObject("1", "car", "box", box=Box(100, 50, 200, 100))
    annotation = Annotation(
        image_id="0" * 32,
        image_uri=str(path),
        image_width=414,
        image_height=207,
        objects=(car,),
        vendor="truth",
        vendor_task_id=None,
        annotator="truth",
        state="labeled",
        revision=1,
        updated_at=None,  # type: ignore[arg-type]
        written_at=None,  # type: ignore[arg-type]
    )
    write_labels_sheet(str(tmp_path / "sheet.jpg"), "title", "subtitle", [annotation])
    sheet = cv2.imread(str(tmp_path / "sheet.jpg"))
    assert sheet is not None
    picture = sheet[146 + 3 :, 24 + 3 :, ::-1].astype(int)  # Below the head, in the border.
    yellow = np.abs(picture[:207, :414] - (255, 222, 0)).max(axis=2) < 90
    rows, columns = np.nonzero(yellow)
    assert (columns.min(), columns.max()) == pytest.approx((100, 300), abs=2)
    assert rows.max() == pytest.approx(150, abs=2)
    assert yellow[100, 150:250].sum() == 0  # It is an outline.


def test_the_labels_sheet_chooses_evenly_of_those_with_objects(drive):
    found = map(Annotation.from_document, documents(drive, "annotations").values())
    annotations = sorted(found, key=lambda one: second_of(one.image_uri))
    shown = [second_of(one.image_uri) for one in choose(annotations)]
    assert len(shown) == 12
    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (0, 47)
    assert all(one.objects for one in choose(annotations))
    bare = [replace(one, objects=()) for one in annotations]
    assert len(choose(bare)) == 12
    assert choose(bare[:1]) == bare[:1]
