"""The scene of the demo's drive: the truth that its video is rendered from.

The road is straight and flat. Metres: `x` to the right of the middle of our lane, `ahead` of the
camera along the road. A camera that looks along the road sees (x, height above the road, ahead)
at `focal * x / ahead` pixels right of its picture's middle, and so on.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

Kind = Literal["drive", "stop", "stop_with_crossing", "dark", "blurred"]
Look = Literal["rear", "front", "side", "walking"]
STOPS = ("stop", "stop_with_crossing")

# In heights of the picture: the focal length, and how far below its top the horizon is.
FOCAL, HORIZON = 1.39, 0.44
CAMERA_HEIGHT = 1.4
_SPEED = 11.0  # Metres a second, and how many seconds it takes to brake and to gain it again.
_BRAKING, _STARTING = 2.0, 1.5
_NEAREST, _FARTHEST = 3.0, 80.0
_SMALLEST = 8.0  # Pixels, of a side: what shows less is no object.
_SIZES = {"rear": (1.8, 1.45), "front": (1.8, 1.45), "side": (4.4, 1.45)}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the video, from `start` up to but not including `end` (seconds)."""

    kind: Kind
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Mover:
    """A car or a person that goes straight on, there from `start` to `end` (seconds).

    Attributes:
        x, ahead: metres, at `start`.
        x_speed, speed: metres a second, to the right and along the road; 0 for a parked car.
    """

    label: Literal["car", "person"]
    look: Look
    start: float
    end: float
    x: float
    ahead: float
    x_speed: float = 0.0
    speed: float = 0.0

    @property
    def is_leftward(self) -> bool:
        return self.x_speed < 0

    def stride(self, seconds: float) -> float:
        """Returns how far apart the feet are, 0 to 1."""
        return abs(math.sin(math.pi * self.x_speed * (seconds - self.start) / 0.8))

    def size(self, seconds: float) -> tuple[float, float]:
        """Width and height in metres."""
        if self.look == "walking":
            return 0.5 + 0.32 * self.stride(seconds), 1.75
        return _SIZES[self.look]


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels, origin top left."""

    x: float
    y: float
    width: float
    height: float

    def clipped(self, width: int, height: int) -> "Box":
        x, y = max(self.x, 0.0), max(self.y, 0.0)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(x, y, max(right - x, 0.0), max(bottom - y, 0.0))


@dataclass(frozen=True, slots=True)
class SceneObject:
    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class Scene:
    """A drive. Equal scenes give equal frames."""

    spans: tuple[Span, ...]
    movers: tuple[Mover, ...]
    width: int = 640
    height: int = 360
    fps: int = 25
    seed: int = 7

    @property
    def seconds(self) -> float:
        return self.spans[-1].end

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps)

    def span_at(self, seconds: float) -> Span:
        """The last one also covers what comes after it."""
        return next((span for span in self.spans if seconds < span.end), self.spans[-1])

    def distance_at(self, seconds: float) -> float:
        """Metres driven; it does not change within a stop."""
        distances = _distances(self)
        return float(distances[min(round(seconds * self.fps), len(distances) - 1)])

    def stop_distances(self) -> list[float]:
        return [self.distance_at(span.start) for span in self.spans if span.kind in STOPS]

    def box(self, x: float, ahead: float, width: float, height: float) -> Box:
        """Return the box of an upright thing on the road, with `x` in its middle."""
        scale = FOCAL * self.height / ahead
        return Box(
            self.width / 2 + scale * (x - width / 2),
            HORIZON * self.height + scale * (CAMERA_HEIGHT - height),
            scale * width,
            scale * height,
        )

    def boxes_at(self, seconds: float) -> Iterator[tuple[Mover, Box, float]]:
        """Returns who is there, in which box (it may leave the picture), how many metres ahead."""
        for mover in self.movers:
            if not mover.start <= seconds < mover.end:
                continue
            gone = seconds - mover.start
            ahead = mover.ahead + mover.speed * gone
            ahead += self.distance_at(mover.start) - self.distance_at(seconds)
            if ahead >= _NEAREST:
                x = mover.x + mover.x_speed * gone
                yield mover, self.box(x, ahead, *mover.size(seconds)), ahead

    def objects_at(self, seconds: float) -> list[SceneObject]:
        """Returns what a labeler would mark, the farthest first; the picture's edges cut boxes."""
        seen = [
            (ahead, SceneObject(mover.label, box.clipped(self.width, self.height)))
            for mover, box, ahead in self.boxes_at(seconds)
            if ahead <= _FARTHEST
        ]
        seen.sort(key=lambda pair: -pair[0])
        return [one for _, one in seen if min(one.box.width, one.box.height) >= _SMALLEST]

    def to_truth(self) -> dict[str, Any]:
        """Returns for `truth.json` the spans, and the objects at each full second."""
        return {
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "spans": [asdict(span) for span in self.spans],
            "samples": [
                {
                    "pts_seconds": float(second),
                    "objects": [asdict(one) for one in self.objects_at(second)],
                }
                for second in range(math.ceil(self.seconds))
            ],
        }


@cache
def _distances(scene: Scene) -> np.ndarray:
    """Metres driven until each frame."""
    seconds = np.arange(scene.frames) / scene.fps
    speed = np.full(scene.frames, _SPEED)
    for span in scene.spans:
        if span.kind not in STOPS:
            continue
        braking = np.clip((span.start - seconds) / _BRAKING, 0, 1)
        starting = np.clip((seconds - span.end) / _STARTING, 0, 1)
        inside = (seconds >= span.start) & (seconds < span.end)
        speed *= np.where(seconds < span.start, braking, np.where(inside, 0, starting))
    return np.concatenate(([0.0], np.cumsum(speed)[:-1])) / scene.fps
