"""A place to look at: drawn videos extracted, half of the images labeled; and its page's server."""

import json
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.emulators.node import modules_for_test
from tests.programs.started import Started
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Write
from vidset.place import Place

# What each object of a document has.
DRAWN = {"rings": None, "mask": None, "attributes": {}}


@pytest.fixture(scope="package")
def place(tmp_path_factory) -> Path:
    """Two videos, and labels for half of their images."""
    root = tmp_path_factory.mktemp("view")
    (root / "in").mkdir()
    write_video(root / "in" / "one.mp4", [1, 2, 2, 3, 4, 4, 5, 6])
    write_video(root / "in" / "<b>two & \u202e.mp4", [7, 8, 8, 9, 2])
    place = root / "roads"
    done = vidset("extract", root / "in", "-o", place, "--similarity", "1.01", "-q")
    assert done.code == 0, done.err
    images = sorted((place / "images").rglob("*.jpg"))
    write_coco(root / "labels.json", images)
    template = root / "template.yaml"
    template.write_text(
        "name: vehicles\ninstruction: Draw boxes.\nlabels: [{name: car}, {name: '<img src=x>'}]\n"
    )
    source = f"coco:{root / 'labels.json'}"
    done = vidset("label", "import", source, "-p", place, "--template", template, "--yes", "-q")
    assert done.code == 0, done.err
    predict(place)
    return place


def predict(place: Path) -> None:
    """Two runs predict the first image, a car of score 0.9 in the end, and one the second: 0.4."""
    ids = sorted(each.id for each in Place.of(str(place)).images())
    store = open_store(f"sqlite:{place}/labels.sqlite")
    for at, (name, image_id, score, run) in enumerate(
        [
            (f"{ids[0]}-0123456789ab", ids[0], 0.2, "older"),
            (ids[0], ids[0], 0.9, "r1"),
            (ids[1], ids[1], 0.4, "r1"),
        ]
    ):
        box = {"x": 60, "y": 80, "width": 90, "height": 70, "angle": 0.0}
        document = {
            "image_id": image_id,
            "objects": [{**DRAWN, "id": "p1", "label": "car", "type": "box", "box": box}],
            "scores": [score],
            "source": "vidset predict",
            "run": run,
            "run_id": f"id of {run}",
            "model": "centernet-r18-256",
            "score": score,
            "uncertainty": 1 - score,
            "sent_at": None,
            "written_at": datetime(2026, 1, 1, 0, at, tzinfo=UTC),
        }
        store.commit([Write("predictions", name, document)])


@pytest.fixture
def dataset(bigquery) -> str:
    """The uri of an empty dataset."""
    bigquery.client().create_dataset("vidset")
    return f"bq://{bigquery.project}.vidset"


@pytest.fixture(scope="package")
def selection(place) -> dict:
    """Three images that a selection chose, as `vidset select --json` says it."""
    words = ("--budget", "3", "--strategy", "time", "--embedder", "none")
    done = vidset("select", *words, "-p", place, "--json")
    assert done.code == 0, done.err
    return done.found


def write_coco(path: Path, images: list[Path]) -> None:
    """A box on each second image: "car", or a label that looks like markup."""
    labeled = images[::2]
    path.write_text(
        json.dumps(
            {
                "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "<img src=x>"}],
                "images": [
                    {"id": at, "file_name": "/".join(each.parts[-3:]), "width": 320, "height": 240}
                    for at, each in enumerate(labeled)
                ],
                "annotations": [
                    {
                        "id": at,
                        "image_id": at,
                        "category_id": 1 + at % 2,
                        "bbox": [10, 20, 30, 40],
                        "area": 1200,
                        "iscrowd": 0,
                    }
                    for at in range(len(labeled))
                ],
            }
        )
    )


class Server:
    """`vidset view` in a process of its own."""

    def __init__(self, place: Path, *options: str):
        command = ("view", place, "--json", "--port", "0", *options)
        environment = os.environ | {"VIDSET_PLACE": ""}
        self.process = Started(command, subprocess.PIPE, 2, environment)
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line.rstrip() == "}" or text.rstrip().endswith("}"):
                break
        self.url: str = json.loads(text)["url"]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(600)


@pytest.fixture(scope="package")
def server(place, selection):
    running = Server(place)
    yield running
    running.end()


@pytest.fixture(scope="module")
def axe():
    modules = modules_for_test(Path(__file__).with_name("node"))
    return str(modules / "axe-core" / "axe.min.js")
