"""The output of an extraction, made in no time, and `vidset label` called on it."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen

import cv2
import numpy as np
from typer.testing import CliRunner

from dataflow.elements import Extraction, FrameRow, VideoRow
from dataflow.naming import image_id, image_name
from dataflow.storage_folder import FolderStore
from dataflow.warehouse import FolderLedger
from vidset.label.settings import Place
from vidset.main import app

WIDTH, HEIGHT = 64, 48


def make_output(folder: Path, videos: dict[str, int]) -> Path:
    """Images and ledgers of videos with so many samples, of which the last one is dropped."""
    ledger = FolderLedger(FolderStore(str(folder)))
    ledger.commit([_extraction(folder, name, samples) for name, samples in videos.items()])
    return folder


def _extraction(folder: Path, name: str, samples: int) -> Extraction:
    rows = [_row(folder, name, second, kept=second < samples - 1) for second in range(samples)]
    video = VideoRow(
        video_uri=f"/videos/{name}",
        generation="0",
        collector_id=None,
        size_bytes=1,
        container="mp4",
        codec="h264",
        width=WIDTH,
        height=HEIGHT,
        rotation=0,
        sample_aspect_ratio="1:1",
        duration_seconds=float(samples),
        samples=samples,
        kept=samples - 1,
        status="done",
        error=None,
        settings_id="0",
    )
    return Extraction(video, tuple(rows))


def _row(folder: Path, video: str, second: int, *, kept: bool) -> FrameRow:
    name = image_name(video, "0", second)
    path = folder / "images" / name
    if kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((HEIGHT, WIDTH, 3), (20 * second + 10) % 256, np.uint8)
        path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    return FrameRow(
        video_uri=f"/videos/{video}",
        generation="0",
        collector_id=None,
        pts_seconds=float(second),
        kept=kept,
        reason="kept" if kept else "near_duplicate",
        ssim=None,
        local_change=None,
        sharpness=100.0,
        brightness=100.0,
        phash="0" * 16,
        width=WIDTH,
        height=HEIGHT,
        image_id=image_id(name) if kept else None,
        image_uri=str(path) if kept else None,
        image_sha256="0" * 64 if kept else None,
        settings_id="0",
    )


@dataclass
class Called:
    """A command's exit code, what it printed, and of a bad request the message."""

    code: int
    out: str
    err: str
    refusal: str = ""
    found: dict | list = field(default_factory=dict)


def label(*arguments: object) -> Called:
    """`vidset label ...`, in this process."""
    result = CliRunner().invoke(app, ["label", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        if not isinstance(result.exception, ValueError):
            raise result.exception
        # As vidset.main.run does.
        return Called(2, result.stdout, result.stderr, str(result.exception))
    found = json.loads(result.stdout) if "--json" in arguments else {}
    return Called(result.exit_code, result.stdout, result.stderr, found=found)


def box(label: str = "car", x: float = 4, y: float = 5, width: float = 20, height: float = 10):
    """A labelme shape."""
    points = [[x, y], [x + width, y + height]]
    return {"label": label, "shape_type": "rectangle", "points": points}


def write_labelme(folder: Path, image_path: str, *shapes: dict, **more) -> Path:
    """A file of labelme; it stands where the name of the image says."""
    document = {"version": "5.5.0", "imagePath": Path(image_path).name, "shapes": list(shapes)}
    size = {"imageWidth": WIDTH, "imageHeight": HEIGHT, "imageData": None, "flags": {}}
    file = (folder / image_path).with_suffix(".json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document | size | more))
    return file


def write_truth(out: Path, file: Path, *, except_for: int = 0) -> None:
    """An answer with one car for each image, but for so many of the last."""
    images = sorted(Place.of(str(out)).images(), key=lambda image: image.uri)
    drawn = {"id": "1", "label": "car", "type": "box"}
    drawn["box"] = {"x": 4.0, "y": 5.0, "width": 20.0, "height": 10.0}
    lines = [
        json.dumps({"image_id": image.id, "state": "labeled", "objects": [drawn]})
        for image in images[: len(images) - except_for]
    ]
    file.write_text("\n".join(lines) + "\n")


@contextmanager
def served(*arguments: object, environment: dict[str, str]) -> Iterator[tuple[str, Popen]]:
    """`vidset label serve` as a process of its own, on a free port, and its url."""
    command = [sys.executable, "-m", "vidset", "label", "serve", "--json", "--port", "0"]
    with Popen(
        [*command, *map(str, arguments)],
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise AssertionError(process.communicate()[1])
            yield json.loads(said)["url"], process
        finally:
            process.kill()
