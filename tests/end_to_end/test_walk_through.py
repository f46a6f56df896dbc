"""From a folder of videos to a scored model, by typing what each command names as the next one.

Videos are drawn, and a labeler that knows the truth answers. Every line is typed as it was named
under "Next:", in a folder below the place; what a person has to say stands beside it: which videos,
that paying is meant, how long to train.
"""

import json
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drawing import write_video
from tests.end_to_end.jobs import rows

pytestmark = pytest.mark.slow
VIDEOS, SCENES = 8, 6
TEMPLATE = """
name: walk-through
labels:
  - {name: even, type: classification}
  - {name: odd, type: classification}
"""


class Person:
    """Who types, in one folder with one environment."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment = folder, {**os.environ, **environment}

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
        ended = subprocess.run(
            [sys.executable, "-m", "vidset", *arguments],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            cwd=self.folder,
            env=self.environment,
        )
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
def serving(person: Person, port: int) -> Iterator[None]:
    """`vidset label serve &`, until it listens."""
    command = [sys.executable, "-m", "vidset", "label", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=person.folder, env=person.environment, stderr=subprocess.PIPE
    )
    try:
        for _ in range(600):
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as client:
                client.settimeout(1)
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            subprocess.run(["sleep", "0.2"], check=True)
        yield
    finally:
        process.terminate()
        process.wait()


def test_each_command_names_the_next_one_from_videos_to_errors(tmp_path):
    drives, port = tmp_path / "drives", free_port()
    for number in range(VIDEOS):
        scenes = range(number * SCENES, (number + 1) * SCENES)
        write_video(drives / f"{number}.mp4", scenes=scenes)
    person = Person(
        tmp_path,
        {
            "LABELING_TRUTH": str(tmp_path / "truth.jsonl"),
            "LABELING_TRUTH_SECRET": "0123456789abcdef",
            "LABELING_CALLBACK_URL": f"http://127.0.0.1:{port}/receive_annotation",
            "LABELING_IMAGE_ACCESS": f"http://127.0.0.1:{port}/images/{{name}}",
        },
    )

    out, line = person.types("vidset init roads")
    assert "roads/vidset.toml written" in out
    place = tmp_path / "roads"
    with (place / "vidset.toml").open("w") as file:
        file.write('vendor = "truth"\ntemplate = "template.yaml"\nprice = 0.05\n')
    (place / "template.yaml").write_text(TEMPLATE)
    (place / "notes" / "deep").mkdir(parents=True)
    person.folder = place / "notes" / "deep"
    assert line == "vidset extract VIDEOS -p roads"

    out, line = person.types(f"vidset extract {shlex.quote(str(drives))}")
    assert f"{VIDEOS} videos extracted" in out
    assert line == "vidset plan"
    out, line = person.types(line)
    assert f"{VIDEOS} videos, {VIDEOS * SCENES} samples" in out
    assert line == "vidset label dispatch"
    images = write_truth(place, tmp_path / "truth.jsonl")
    with serving(person, port):
        out, line = person.types(line, "--yes")
    assert line == "vidset label status"
    out, line = person.types(line)
    assert f"{images} labeled" in out
    assert line == "vidset dataset create -n v0"
    out, line = person.types(line)
    assert line.startswith("vidset train")
    out, line = person.types(line, "--epochs", "2")
    assert line.startswith("vidset evaluate")
    out, line = person.types(line)
    assert line.startswith("vidset errors")
    _, line = person.types(line)
    assert line.startswith("vidset ")

    out, line = person.types("vidset status")
    assert "versions  v0" in out
