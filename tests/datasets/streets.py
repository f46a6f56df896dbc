"""Drawn street scenes with a label for each pixel, for tests and benchmarks."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from tests.datasets.numerals import entry, write_version
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask

LABELS = ("building", "car", "person", "pole", "road", "sidewalk", "sky", "vegetation")
_OF = {label: number for number, label in enumerate(LABELS)}
HOOD = 255
_SIZE = (320, 180)


def write_streets(
    repository: Repository,
    counts: Mapping[str, int],
    *,
    size: tuple[int, int] = _SIZE,
    seed: int = 0,
) -> str:
    """A version with so many scenes in each split, a mask for each label; its id."""
    random = np.random.default_rng(seed)
    entries = []
    for split, count in counts.items():
        for number in range(count):
            picture, plane = draw_street(random, size)
            things = street_objects(plane)
            entries.append(entry(repository, picture, f"{split}/{number}.png", split, None, things))
    return write_version(repository, entries)


def street_objects(plane: np.ndarray) -> list[dict[str, Any]]:
    """A mask for each label of a plane; the car's own hood is to be ignored."""
    names = {**{number: label for label, number in _OF.items()}, HOOD: "ignored"}
    return [
        {
            "id": str(number),
            "label": names[number],
            "type": "mask",
            "mask": Mask.of(plane == number).to_document(),
            "attributes": {},
        }
        for number in np.unique(plane).tolist()
    ]


def draw_street(
    random: np.random.Generator, size: tuple[int, int] = _SIZE
) -> tuple[np.ndarray, np.ndarray]:
    """A picture, (h, w, 3) uint8 RGB, and the number of each pixel's label, (h, w) uint8.

    Textures, light and colours vary; a colour alone tells no label.
    """
    width, height = size
    scene = _Scene(random, width, height)
    horizon = float(random.uniform(0.38, 0.5)) * height
    middle = float(random.uniform(0.4, 0.6)) * width
    scene.area("sky", [(0, 0), (width, 0), (width, horizon), (0, horizon)], 150, 235)
    x = 0.0
    while x < width:
        wide = float(random.uniform(0.08, 0.22)) * width
        tall = float(random.uniform(0.15, 0.9)) * horizon
        label = "building" if random.random() < 0.65 else "vegetation"
        corners = [
            (x, horizon),
            (x, horizon - tall),
            (x + wide, horizon - tall),
            (x + wide, horizon),
        ]
        if label == "building":
            scene.area(label, corners, 60, 170)
            scene.windows(x, horizon - tall, wide, tall)
        else:
            scene.blob(label, x + wide / 2, horizon - tall * 0.4, wide * 0.6, tall * 0.5)
        x += wide * float(random.uniform(0.7, 1.2))
    ground = [(0, horizon), (width, horizon), (width, height), (0, height)]
    scene.area("sidewalk", ground, 130, 190)
    left, right = (
        float(each) * width for each in (random.uniform(-0.3, 0.15), random.uniform(0.85, 1.3))
    )
    near = float(random.uniform(0.02, 0.06)) * width
    road = [(middle - near, horizon), (middle + near, horizon), (right, height), (left, height)]
    scene.area("road", road, 60, 120)
    scene.line(middle, horizon, (left + right) / 2, height)
    for _ in range(int(random.integers(2, 6))):
        depth = float(random.uniform(0.15, 0.8)) ** 1.3
        bottom = horizon + depth * (height - horizon)
        side = float(random.uniform(-1, 1))
        reach = near + depth * (right - left) / 2
        kind = random.choice(["car", "car", "person", "pole"])
        if kind == "car":
            scene.car(middle + side * reach * 0.8, bottom, depth * 0.42 * width)
        else:
            away = middle + (reach + depth * 0.08 * width) * (1 if side > 0 else -1)
            scene.standing(str(kind), away, bottom, depth * 0.5 * height + 8)
    scene.area(
        "hood",
        [(0, height), (0.2 * width, 0.95 * height), (0.8 * width, 0.95 * height), (width, height)],
        20,
        60,
    )
    return scene.finished(), scene.plane


class _Scene:
    def __init__(self, random: np.random.Generator, width: int, height: int):
        self._random = random
        self._picture = np.zeros((height, width, 3), np.float32)
        self.plane = np.zeros((height, width), np.uint8)

    def area(self, label: str, corners: list[tuple[float, float]], low: int, high: int) -> None:
        stencil = np.zeros(self.plane.shape, np.uint8)
        cv2.fillPoly(stencil, [np.array(corners, float).round().astype(np.int32)], 1)
        self._put(label, stencil > 0, self._colour(label, low, high))

    def blob(self, label: str, x: float, y: float, wide: float, tall: float) -> None:
        stencil = np.zeros(self.plane.shape, np.uint8)
        for _ in range(6):
            centre = (
                x + self._random.uniform(-0.5, 0.5) * wide,
                y + self._random.uniform(-0.4, 0.6) * tall,
            )
            axes = max(int(wide * 0.5), 1), max(int(tall * 0.5), 1)
            cv2.ellipse(stencil, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, 1, -1)
        self._put(label, stencil > 0, self._colour(label, 40, 130))

    def car(self, x: float, bottom: float, wide: float) -> None:
        tall = wide * 0.62
        colour = self._random.uniform(20, 235, 3)
        body = [
            (x - wide / 2, bottom),
            (x - wide / 2, bottom - tall * 0.55),
            (x - wide * 0.32, bottom - tall),
            (x + wide * 0.32, bottom - tall),
            (x + wide / 2, bottom - tall * 0.55),
            (x + wide / 2, bottom),
        ]
        stencil = np.zeros(self.plane.shape, np.uint8)
        cv2.fillPoly(stencil, [np.array(body).round().astype(np.int32)], 1)
        self._put("car", stencil > 0, colour)
        for at in (-0.32, 0.32):
            centre = round(x + at * wide), round(bottom)
            cv2.circle(self._picture, centre, max(round(wide * 0.1), 1), (25, 25, 25), -1)
            cv2.circle(self.plane, centre, max(round(wide * 0.1), 1), _OF["car"], -1)
        glass = [
            (x - wide * 0.26, bottom - tall * 0.9),
            (x + wide * 0.26, bottom - tall * 0.9),
            (x + wide * 0.36, bottom - tall * 0.58),
            (x - wide * 0.36, bottom - tall * 0.58),
        ]
        cv2.fillPoly(self._picture, [np.array(glass).round().astype(np.int32)], (70, 80, 90))

    def standing(self, label: str, x: float, bottom: float, tall: float) -> None:
        stencil = np.zeros(self.plane.shape, np.uint8)
        if label == "person":
            axes = max(round(tall * 0.12), 2), max(round(tall * 0.36), 3)
            cv2.ellipse(stencil, (round(x), round(bottom - axes[1])), axes, 0, 0, 360, 1, -1)
            cv2.circle(
                stencil, (round(x), round(bottom - 2.1 * axes[1])), max(axes[0] // 2, 1), 1, -1
            )
            self._put(label, stencil > 0, self._random.uniform(20, 235, 3))
        else:
            thick = max(round(tall * 0.05), 2)
            cv2.rectangle(
                stencil,
                (round(x), round(bottom - tall * 1.6)),
                (round(x) + thick, round(bottom)),
                1,
                -1,
            )
            self._put(label, stencil > 0, self._colour(label, 40, 90))

    def windows(self, x: float, top: float, wide: float, tall: float) -> None:
        step = max(round(wide * 0.25), 4)
        for left in np.arange(x + 2, x + wide - step * 0.6, step):
            for up in np.arange(top + 3, top + tall - step * 0.6, step):
                corner = round(float(left + step * 0.5)), round(float(up + step * 0.5))
                cv2.rectangle(
                    self._picture,
                    (round(float(left)), round(float(up))),
                    corner,
                    (90, 100, 120),
                    -1,
                )

    def line(self, x: float, top: float, to: float, bottom: float) -> None:
        for share in np.arange(0.1, 1, 0.2):
            one, other = share, share + 0.1
            start, end = (
                (round(x + s * (to - x)), round(top + s * (bottom - top))) for s in (one, other)
            )
            cv2.line(self._picture, start, end, (215, 215, 210), max(round(3 * share), 1))

    def finished(self) -> np.ndarray:
        light = self._random.uniform(0.7, 1.2)
        noise = self._random.normal(0, 7, self._picture.shape)
        return np.clip(self._picture * light + noise, 0, 255).astype(np.uint8)

    def _put(self, label: str, where: np.ndarray, colour: np.ndarray) -> None:
        texture = cv2.resize(
            self._random.normal(
                0, 9, (self.plane.shape[0] // 4 + 1, self.plane.shape[1] // 4 + 1, 1)
            ).astype(np.float32),
            (self.plane.shape[1], self.plane.shape[0]),
        )[..., None]
        self._picture[where] = (colour + texture)[where]
        self.plane[where] = HOOD if label == "hood" else _OF[label]

    def _colour(self, label: str, low: int, high: int) -> np.ndarray:
        tint = {"sky": (-20, 0, 25), "vegetation": (-15, 20, -20), "building": (10, 0, -10)}.get(
            label, (0, 0, 0)
        )
        return np.array(tint) + self._random.uniform(low, high) + self._random.normal(0, 8, 3)
