"""Recordings of the chain: drives that are rendered from a known truth, and real ones."""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vidset.demo.rendering import render_video
from vidset.demo.scene import Mover, Scene, SceneObject, Span

# 2025-03-04 23:30 UTC: the day in the names of uploads is the file's.
_RECORDED = 1741131000
# What the scene makes of its samples, a second apart: the camera stands still from 2 to 5.5 s.
KEPT_SECONDS = (0.0, 1.0, 2.0, 6.0, 7.0)
DROPPED_SECONDS = (3.0, 4.0, 5.0)
# Where somebody who labels a real video draws a car, as shares of the picture: nobody knows the
# truth of it, so this only has to be somewhere in the picture.
_SOMEWHERE = (0.25, 0.5, 0.25, 0.25)


@dataclass(frozen=True, slots=True)
class Recording:
    """A video on a collector's disk.

    Attributes:
        scene: what it was rendered from; None for a real video.
    """

    path: Path
    collector: str
    scene: Scene | None

    @property
    def upload_name(self) -> str:
        """The name that `vidset upload` gives it: collector, day, hash of its bytes."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        day = datetime.fromtimestamp(self.path.stat().st_mtime, UTC).date()
        return f"{self.collector}/{day}/{digest[:32]}{self.path.suffix}"

    @property
    def uri(self) -> str:
        return f"gs://uploads/{self.upload_name}"

    def objects_at(self, seconds: float, width: int, height: int) -> list[tuple[str, dict]]:
        """Labels and boxes (pixels; x, y, width, height) that an annotator draws in an image."""
        if self.scene is None:
            x, y, wide, high = _SOMEWHERE
            box = {"x": x * width, "y": y * height, "width": wide * width, "height": high * height}
            return [("car", box)]
        return [(each.label, _box(each)) for each in self.scene.objects_at(seconds)]


def render_drives(folder: Path, collectors: tuple[str, ...]) -> list[Recording]:
    """Render a drive for each collector, each through another landscape."""
    drives = []
    for number, collector in enumerate(collectors):
        path = folder / collector / f"drive{number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        render_video(_scene(number), str(path))
        os.utime(path, (_RECORDED, _RECORDED))
        drives.append(Recording(path, collector, _scene(number)))
    return drives


def _scene(number: int) -> Scene:
    """Drive, stand still where nothing moves, drive on."""
    spans = (Span("drive", 0, 2), Span("stop", 2, 5.5), Span("drive", 5.5, 7.5))
    movers = (
        Mover("car", "rear", 0, 7.5, x=3.0, ahead=38.0 + 3 * number),
        Mover("car", "rear", 0, 1.9, x=0.2 * number, ahead=13.0 + number, speed=9),
        Mover("car", "front", 5.6, 7.5, x=-3.5, ahead=50.0 + 4 * number, speed=-9),
        Mover("person", "walking", 5.6, 7.5, x=6.2, ahead=26.0 + number, x_speed=-0.4),
    )
    return Scene(spans, movers, fps=10, seed=11 + number)


def _box(each: SceneObject) -> dict[str, float]:
    box = each.box
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
