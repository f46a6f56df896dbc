"""Precision and recall at every threshold, against points counted by hand."""

from tests.training.scoring.runs import classified, detected, make_run, make_version
from vidset.training.scoring.curves import Point, precision_recall
from vidset.training.scoring.run import read_run

BOX = {"x": 1.0, "y": 1.0, "width": 10.0, "height": 10.0}
FAR = {**BOX, "x": 14.0}
CAR = {"id": "1", "label": "car", "type": "box", "attributes": {}, "points": None, "box": BOX}


def points(folder, version, table, **of_run) -> list[Point]:
    run = read_run(make_run(folder / "run", version, {"validation": {1: table}}, **of_run))
    return list(precision_recall(run, run.predictions("validation", 1)))


def test_a_classifiers_label_has_a_point_for_each_probability_that_occurs(tmp_path):
    images = [
        {"uri": name, "label": name[0], "number": n} for n, name in enumerate(["a1", "a2", "b1"])
    ]
    version = make_version(tmp_path / "datasets", images)
    said = {"a1": [0.75, 0.25], "a2": [0.25, 0.75], "b1": [0.25, 0.75]}
    found = points(tmp_path, version, classified(version, "validation", ["a", "b"], said),
                   classes=["a", "b"])  # fmt: skip
    assert found == [
        Point("a", 0.75, 1.0, 0.5),
        Point("a", 0.25, 2 / 3, 1.0),  # Two images have this probability: both count.
        Point("b", 0.75, 0.5, 1.0),
        Point("b", 0.25, 1 / 3, 1.0),
    ]


def test_a_detectors_prediction_finds_an_object_once(tmp_path):
    images = [{"uri": name, "objects": [CAR], "number": n} for n, name in enumerate("ab")]
    version = make_version(tmp_path / "datasets", images)
    said = {
        "a": [
            {"label": "car", "box": BOX, "score": 0.875},
            {"label": "car", "box": BOX, "score": 0.5},
        ],
        "b": [
            {"label": "car", "box": FAR, "score": 0.75},
            {"label": "bus", "box": FAR, "score": 0.5},
        ],
    }
    found = points(tmp_path, version, detected(version, "validation", said),
                   task="detection", classes=["bus", "car"])  # fmt: skip
    assert found == [
        Point("bus", 0.5, 0.0, None),  # No image has a bus.
        Point("car", 0.875, 1.0, 0.5),
        Point("car", 0.75, 0.5, 0.5),
        Point("car", 0.5, 1 / 3, 0.5),
    ]
