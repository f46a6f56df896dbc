"""From a folder of videos to a scored model, by typing what each command names as the next one.

Videos are drawn, and a labeler that knows the truth answers: as a vendor, and in Label Studio.
Every line is typed as it was named under "Next:", in a folder below the place; what a person has to
say stands beside it: which videos, that paying is meant, how long to train.
"""

import json
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from tests.programs.started import Started, run

pytestmark = pytest.mark.slow
VIDEOS, SCENES = 8, 6
TEMPLATE = """
name: {name}
labels:
  - {{name: even, type: classification}}
  - {{name: odd, type: classification}}
"""


class Person:
    """Who types, in one folder with one environment."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.home = self.folder = folder
        self.environment = {**os.environ, **environment}

    def types(self, line: str, *others: str) -> tuple[str, str]:
        """Type a line of a shell; what was printed, and the next line."""
        words = shlex.split(line)
        assert words[0] == "vidset"
        ended = self.runs(*words[1:], *others)
        following = [line for line in ended.stderr.splitlines() if line.startswith("Next: ")]
        assert len(following) == 1, (line, ended.stderr)
        return ended.stdout, following[0].removeprefix("Next: ")

    def runs(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `vidset`, and have it succeed."""
        ended = run(arguments, env=self.environment, cwd=self.folder)
        assert ended.returncode == 0, (arguments, ended.stderr, ended.stdout)
        return ended


def write_truth(place: Path, path: Path) -> int:
    """Say of each kept image whether its second is odd; how many images there are."""
    kept = [row for row in rows(str(place), "frames") if row["kept"]]
    answers = [
        {
            "image_id": row["image_id"],
            "state": "labeled",
            "image_width": row["width"],
            "image_height": row["height"],
            "objects": [{"id": "1", "label": _label(row["pts_seconds"]), "type": "classification"}],
        }
        for row in kept
    ]
    path.write_text("".join(f"{json.dumps(answer)}\n" for answer in answers))
    return len(kept)


def _label(pts_seconds: float) -> str:
    """Every video, and so every split, has images of both."""
    return "odd" if round(pts_seconds) % 2 else "even"


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


@contextmanager
def serving(person: Person, line: str, port: int) -> Iterator[str]:
    """Type `vidset label serve &`; the line that it names as the next one."""
    words = [*shlex.split(line)[1:], "--port", str(port)]
    log = person.home / "serve.log"
    with log.open("w") as file:
        process = Started(words, PIPE, file, person.environment, person.folder)
    try:
        following: list[str] = []
        for _ in range(1200):
            assert process.poll() is None, log.read_text()
            lines = log.read_text().splitlines()
            following = [each for each in lines if each.startswith("Next: ")]
            if following:
                break
            time.sleep(0.2)
        yield following[0].removeprefix("Next: ")
    finally:
        process.terminate()
        process.communicate()


def extracted(person: Person, vendor: str) -> tuple[Path, str]:
    """From nothing to images; the place, and the next line. From here on, types below the place."""
    drives = person.home / "drives"
    for number in range(VIDEOS):
        scenes = range(number * SCENES, (number + 1) * SCENES)
        write_video(drives / f"{number}.mp4", scenes=scenes)
    out, line = person.types("vidset init roads")
    assert "roads/vidset.toml written" in out
    assert line == "vidset extract VIDEOS -p roads"
    place = person.home / "roads"
    written = (place / "vidset.toml").read_text()
    settings = f'vendor = "{vendor}"\ntemplate = "template.yaml"\nprice = 0.05\n'
    (place / "vidset.toml").write_text(settings + written)
    (place / "template.yaml").write_text(TEMPLATE.format(name=f"walk {place.stat().st_ino}"))
    (place / "notes" / "deep").mkdir(parents=True)
    person.folder = place / "notes" / "deep"

    out, line = person.types(f"vidset extract {shlex.quote(str(drives))}")
    assert f"{VIDEOS} videos extracted" in out
    assert line == "vidset plan"
    out, line = person.types(line)
    assert f"{VIDEOS} videos, {VIDEOS * SCENES} samples" in out
    assert line == "vidset label dispatch"
    return place, line


def trained(person: Person, line: str) -> None:
    """From labels to errors, each line as the one before named it."""
    assert line == "vidset dataset create -n v0"
    out, line = person.types(line)
    assert "v0: " in out
    assert line == "vidset train v0"
    out, line = person.types(line, "--epochs", "2")
    assert line == "vidset evaluate v0-1"
    out, line = person.types(line)
    assert "validation" in out
    assert line == "vidset errors v0-1"
    _, line = person.types(line)
    assert line == "vidset review"
    out, line = person.types("vidset status")
    assert "versions  v0" in out


def test_each_command_names_the_next_one_from_videos_to_errors(tmp_path):
    port = free_port()
    person = Person(
        tmp_path,
        {
            "LABELING_TRUTH": str(tmp_path / "truth.jsonl"),
            "LABELING_TRUTH_SECRET": "0123456789abcdef",
            "LABELING_CALLBACK_URL": f"http://127.0.0.1:{port}/receive_annotation",
            "LABELING_IMAGE_ACCESS": f"http://127.0.0.1:{port}/images/{{name}}",
        },
    )
    place, line = extracted(person, "truth")
    images = write_truth(place, tmp_path / "truth.jsonl")
    with serving(person, "vidset label serve", port) as following:
        assert following == line
        out, line = person.types(line, "--yes")
    assert f"{images} dispatched" in out
    assert line == "vidset label status"
    out, line = person.types(line)
    assert f"{images} labeled" in out
    trained(person, line)


@pytest.mark.emulator
def test_with_label_studio_connect_serve_and_dispatch_name_one_another(tmp_path, label_studio):
    person = Person(
        tmp_path,
        {
            "LABEL_STUDIO_URL": label_studio.url,
            "LABEL_STUDIO_TOKEN": label_studio.token,
            "LABEL_STUDIO_WEBHOOK_SECRET": "0123456789abcdef",
        },
    )
    place, dispatch = extracted(person, "label-studio")
    labels = {
        row["image_id"]: _label(row["pts_seconds"])
        for row in rows(str(place), "frames")
        if row["kept"]
    }
    out, line = person.types("vidset label connect")
    project = int(out.split()[1])
    assert line == "vidset label serve"
    with serving(person, line, free_port()) as following:
        assert following == dispatch
        out, line = person.types(following, "--yes")
        assert f"{len(labels)} dispatched" in out
        assert line == "vidset label status"
        parsed = label_studio.call("GET", f"/api/projects/{project}/")["parsed_label_config"]
        control = next(name for name, one in parsed.items() if one["type"] == "Choices")
        for task in label_studio.tasks(project):
            label_studio.annotate(task["id"], [chosen(control, labels[task["data"]["image_id"]])])
    # What the webhooks brought is there; what they lost is fetched, by the line that is named.
    out, line = person.types("vidset label status")
    if line != "vidset dataset create -n v0":
        assert line == "vidset label reconcile"
        _, line = person.types(line)
    out, _ = person.types("vidset label status")
    assert f"{len(labels)} labeled" in out
    trained(person, line)


def chosen(control: str, label: str) -> dict:
    """What Label Studio's page sends for a choice."""
    value = {"choices": [label]}
    return {"id": "1", "type": "choices", "from_name": control, "to_name": "image", "value": value}
