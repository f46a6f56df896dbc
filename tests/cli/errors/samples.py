"""A version with known mistakes, and a run's predictions for it."""

from pathlib import Path

import numpy as np

from tests.training.scoring.runs import classified, detected, make_run, make_version
from vidset.datasets.versions.manifest import Manifest

LABELS = ("i", "ii", "iii")
# What somebody may have typed: it must come out as text wherever it is shown.
HOSTILE = "<img src=x onerror=\"window.hurt='label'\">"
HOSTILE_URI = "</script><script>window.hurt='uri'</script>.png"
# Images whose label is not what all like them have.
MISLABELED = {4: "iii", 11: "i", 22: "iii"}
IMAGES = 36


def shown(place: int) -> str:
    """What an image truly shows."""
    return LABELS[place % 3]


def make_case(root: Path, labels: tuple[str, ...] = LABELS, uris=lambda place: f"{place}.png"):
    """A run that is right on all but the mislabeled, and the manifest; the repository beside."""
    true = [labels[LABELS.index(shown(place))] for place in range(IMAGES)]
    given = {place: labels[LABELS.index(label)] for place, label in MISLABELED.items()}
    manifest = make_version(
        root / "datasets",
        [
            {
                "uri": uris(place),
                "label": given.get(place, true[place]),
                "video_uri": f"gs://v/{place % 2}.mp4",
                "pts_seconds": float(place),
            }
            for place in range(IMAGES)
        ],
    )
    random = np.random.default_rng(0)
    answers = {}
    for place in range(IMAGES):
        rest = random.dirichlet(np.ones(len(labels))) * 0.1
        answers[uris(place)] = [
            0.9 + part if label == true[place] else part
            for label, part in zip(sorted(labels), rest, strict=True)
        ]
    table = classified(manifest, "validation", sorted(labels), answers)
    return make_run(root / "run", manifest, {"validation": {1: table}}), manifest


def make_boxes(root: Path) -> tuple[Path, Manifest]:
    """A run of a detector: right in 0.png, one missed in 1.png, one made up in the empty 2.png."""
    box = {"label": "car", "box": {"x": 2.0, "y": 3.0, "width": 9.0, "height": 8.0}}
    other = {"label": "car", "box": {"x": 13.0, "y": 13.0, "width": 9.0, "height": 9.0}}
    manifest = make_version(
        root / "datasets",
        [
            {"uri": "0.png", "objects": [box]},
            {"uri": "1.png", "objects": [box, other]},
            {"uri": "2.png", "objects": []},
        ],
    )
    sure = {**box, "score": 0.95}
    found = {"0.png": [sure], "1.png": [sure], "2.png": [sure]}
    table = detected(manifest, "validation", found)
    folder = make_run(
        root / "run",
        manifest,
        {"validation": {1: table}},
        task="detection",
        classes=["car"],
    )
    return folder, manifest
