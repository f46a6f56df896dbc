"""Draws what the demo's drive passes: the ground with its road, the sky, trees and houses."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.demo.scene import CAMERA_HEIGHT, FOCAL, HORIZON, Scene
from vidset.demo.sprites import Sprite, house, tree

SIGHT = 120.0  # Metres; beyond it is haze.
_HAZE = (206, 214, 220)
_ASPHALT, _PAVEMENT, _KERB, _GRASS, _PAINT = (
    (98, 99, 103), (158, 154, 148), (188, 186, 180), (92, 118, 62), (222, 222, 216),
)  # fmt: skip
_LEFT, _RIGHT = -24.0, 20.0  # Metres from the middle of our lane: so wide is the ground.
_ACROSS, _ALONG = 0.04, 0.1  # Metres in a texel of it.
# Metres ahead from which on the ground is drawn from a coarser copy, and how much coarser it is,
# across and along: a pixel covers more and more of it.
_BANDS = ((0.0, 1, 1), (10.0, 2, 4), (35.0, 4, 20))
# Metres beyond the place of a stop.
_STOP_LINE, _CROSSING, _SIDE_STREET = (6.6, 7.1), (9.0, 12.6), (18.0, 28.0)


class Ground:
    """The plane below the horizon."""

    def __init__(self, scene: Scene, rng: np.random.Generator):
        finest = _painted(scene, rng)
        focal = FOCAL * scene.height
        rows = np.arange(math.ceil(HORIZON * scene.height), scene.height)
        ahead = focal * CAMERA_HEIGHT / (rows + 0.5 - HORIZON * scene.height)
        columns = np.arange(scene.width) + 0.5 - scene.width / 2
        self._bands = []
        for (start, across, along), (end, *_) in zip(
            _BANDS, (*_BANDS[1:], (np.inf, 0, 0)), strict=True
        ):
            inside = (ahead >= start) & (ahead < end)
            metres = np.minimum(ahead[inside], SIGHT)[:, None]
            x = (columns * metres / focal - _LEFT) / (_ACROSS * across) - 0.5
            y = np.broadcast_to(metres / (_ALONG * along) - 0.5, x.shape)
            size = finest.shape[1] // across, finest.shape[0] // along
            texture = cv2.resize(finest, size, interpolation=cv2.INTER_AREA)
            place = slice(int(rows[inside][0]), int(rows[inside][-1]) + 1)
            maps = x.astype(np.float32), y.astype(np.float32)
            self._bands.append((place, texture, *maps, _ALONG * along))
        clearness = 1 - np.exp(-(rows - rows[0]) / (0.05 * scene.height))
        hazy = slice(int(rows[0]), int(rows[0]) + round(0.2 * scene.height))
        clear = np.empty((hazy.stop - hazy.start, scene.width, 3), np.float32)
        clear[:] = clearness[: len(clear), None, None]
        haze = (1 - clear) * np.array(_HAZE, np.float32)
        self._haze = hazy, (255 * clear).astype(np.uint8), haze.astype(np.uint8)

    def draw(self, frame: np.ndarray, distance: float) -> None:
        for place, texture, x, y, along in self._bands:
            # Of the texture only what is in sight: `remap` takes no more than 32767 rows.
            first = int(distance / along)
            visible = texture[first : first + int(SIGHT / along) + 2]
            shifted = y + np.float32(distance / along - first)
            frame[place] = cv2.remap(
                visible, x, shifted, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        hazy, clear, haze = self._haze
        cv2.add(cv2.multiply(frame[hazy], clear, scale=1 / 255), haze, dst=frame[hazy])


class Sky:
    """Clouds and hills; they turn a little with the road."""

    def __init__(self, scene: Scene, rng: np.random.Generator):
        height, width = math.ceil(HORIZON * scene.height), 2 * scene.width
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        picture = (
            np.array((118, 164, 214), np.float32) * (1 - down) + np.array(_HAZE, np.float32) * down
        )
        picture = np.repeat(picture, width, axis=1)
        clouds = sum(
            weight * _noise(rng, (height, width), (max(2, height // cell), width // (3 * cell)))
            for cell, weight in ((40, 0.5), (20, 0.3), (9, 0.2))
        )
        cover = np.clip(clouds * 1.6 - 0.1, 0, 1)[..., None] * (1 - 0.5 * down) * 0.9
        picture += (np.array((248, 249, 251), np.float32) - picture) * cover
        picture = picture.astype(np.uint8)
        for share, colour, rough in ((0.2, (150, 168, 180), 5), (0.09, (118, 142, 120), 24)):
            ridge = _noise(rng, (1, width), (1, rough))[0] * 0.5 + 0.6
            top = (height * (1 - share * ridge)).astype(np.int32)
            corners = np.column_stack([np.arange(width), top]).tolist()
            outline = np.array([(0, height), *corners, (width, height)], np.int32)
            cv2.fillPoly(picture, [outline], colour, cv2.LINE_AA)
        self._picture, self._width = picture, scene.width

    def draw(self, frame: np.ndarray, distance: float) -> None:
        left = round(self._width * (0.5 + 0.24 * math.sin(distance / 45)))
        height = self._picture.shape[0]
        frame[:height] = self._picture[:, left : left + self._width]


@dataclass(frozen=True, slots=True)
class Landmark:
    """A thing at the roadside; metres, `along` from the start of the drive."""

    x: float
    along: float
    width: float
    height: float
    sprite: Sprite


def landmarks(scene: Scene, rng: np.random.Generator) -> list[Landmark]:
    """Returns the landmarks in the order of the way."""
    trees = [tree(rng) for _ in range(4)]
    houses = [house(rng) for _ in range(4)]
    found = []
    end = scene.distance_at(scene.seconds) + SIGHT
    for side, near in ((-1, 8.6), (1, 7.4)):
        along = 6.0
        while along < end:
            is_house = rng.random() < 0.35
            sprite = (houses if is_house else trees)[rng.integers(4)]
            width, height = (9.0, 6.5) if is_house else (4.0, 5.4)
            size = rng.uniform(0.8, 1.25)
            x = side * (near + width * size / 2 + rng.uniform(0, 4))
            street = any(
                stop + _SIDE_STREET[0] - 3 < along < stop + _SIDE_STREET[1] + 1
                for stop in scene.stop_distances()
            )
            if not street:
                found.append(Landmark(x, along, width * size, height * size, sprite))
            along += rng.uniform(5, 11)
    return sorted(found, key=lambda one: one.along)


def _painted(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """The ground from above, RGB; the first row is where the drive starts."""
    length = scene.distance_at(scene.seconds) + SIGHT
    shape = round(length / _ALONG), round((_RIGHT - _LEFT) / _ACROSS)
    ground = np.empty((*shape, 3), np.uint8)

    def paint(colour, left=_LEFT, right=_RIGHT, start=0.0, end=length) -> None:
        rows = slice(max(0, round(start / _ALONG)), max(0, round(end / _ALONG)))
        columns = slice(round((left - _LEFT) / _ACROSS), round((right - _LEFT) / _ACROSS))
        ground[rows, columns] = colour

    paint(_GRASS)
    paint(_PAVEMENT, -8.0, 6.4)
    paint(_KERB, -5.6, 4.3)
    paint(_ASPHALT, -5.4, 4.1)
    paint(_PAINT, 1.72, 1.84)
    for start in np.arange(0, length, 9.0):
        paint(_PAINT, -1.83, -1.67, start, start + 3.5)
    for stop in scene.stop_distances():
        paint(_ASPHALT, -5.4, 4.1, stop + _STOP_LINE[0] - 3, stop + _SIDE_STREET[1])
        paint(_PAINT, -1.6, 1.7, *(stop + metres for metres in _STOP_LINE))
        for left in np.arange(-5.2, 3.9, 1.0):
            paint(_PAINT, left, left + 0.5, *(stop + metres for metres in _CROSSING))
        paint(_ASPHALT, start=stop + _SIDE_STREET[0], end=stop + _SIDE_STREET[1])
    grain = 16 * _noise(rng, shape, (shape[0] // 3, shape[1] // 3))
    grain += 18 * _noise(rng, shape, (shape[0] // 30, shape[1] // 40))
    brighter = np.clip(grain, 0, 255).astype(np.uint8)
    darker = np.clip(-grain, 0, 255).astype(np.uint8)
    ground = cv2.add(ground, cv2.cvtColor(brighter, cv2.COLOR_GRAY2RGB))
    return cv2.subtract(ground, cv2.cvtColor(darker, cv2.COLOR_GRAY2RGB))


def _noise(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]) -> np.ndarray:
    """Smooth, -1 to 1, float32."""
    values = rng.uniform(-1, 1, cells).astype(np.float32)
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC)
