"""The output of an extraction, made in no time, and `vidset label` called on it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from subprocess import PIPE

import cv2
import numpy as np

from tests.cli.called import Called, vidset
from tests.cli.ledger_rows import frame_row, video_row
from tests.programs.started import Started
from vidset.elements import Extraction, FrameRow
from vidset.ledger.ledger import FolderLedger
from vidset.naming import image_id, image_name
from vidset.place import Place
from vidset.storage.folder import FolderStore

WIDTH, HEIGHT = 64, 48


def make_output(folder: Path, videos: dict[str, int]) -> Path:
    """Images and ledgers of videos with so many samples, of which the last one is dropped."""
    ledger = FolderLedger(FolderStore(str(folder)))
    ledger.commit([_extraction(folder, name, samples) for name, samples in videos.items()])
    return folder


def _extraction(folder: Path, name: str, samples: int) -> Extraction:
    rows = [_row(folder, name, second, kept=second < samples - 1) for second in range(samples)]
    video = video_row(
        video_uri=f"/videos/{name}", width=WIDTH, height=HEIGHT, samples=samples, kept=samples - 1
    )
    return Extraction(video, tuple(rows))


def _row(folder: Path, video: str, second: int, *, kept: bool) -> FrameRow:
    name = image_name(video, "0", second)
    path = folder / "images" / name
    if kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((HEIGHT, WIDTH, 3), (20 * second + 10) % 256, np.uint8)
        path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    return frame_row(
        video_uri=f"/videos/{video}",
        pts_seconds=float(second),
        kept=kept,
        reason="kept" if kept else "near_duplicate",
        width=WIDTH,
        height=HEIGHT,
        image_id=image_id(name) if kept else None,
        image_uri=str(path) if kept else None,
        image_sha256=sha256(path.read_bytes()).hexdigest() if kept else None,
    )


def label(*arguments: object) -> Called:
    return vidset("label", *arguments)


def without_place(found: dict) -> dict:
    """What a command's --json says of its work."""
    return {name: value for name, value in found.items() if name not in ("place", "next")}


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
def served(
    out: object, *arguments: object, environment: dict[str, str]
) -> Iterator[tuple[str, Started]]:
    """`vidset label serve` as a process of its own, on a free port, and its url."""
    command = ("label", "serve", "--json", "--port", "0", "-p", out, *arguments)
    with Started(command, PIPE, PIPE, {**os.environ, **environment}) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise AssertionError(process.communicate()[1])
            yield json.loads(said)["url"], process
        finally:
            process.kill()
