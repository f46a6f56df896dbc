"""Pictures of the things along the demo's road, drawn once and then scaled to where they stand.

A sprite is (h, w, 4) uint8: RGB multiplied by alpha, and alpha. It fills its rectangle.
"""

from copy import copy

import cv2
import numpy as np

from vidset.demo.scene import Box

Colour = tuple[int, int, int]
_PIXELS_A_METRE = 96
_GLASS, _TYRE, _UNDERSIDE = (44, 58, 72), (22, 22, 24), (34, 34, 36)
_SKIN, _TROUSERS, _SHOES = (205, 160, 130), (40, 48, 78), (28, 26, 26)


class Sprite:
    """A picture in several sizes."""

    def __init__(self, rgba: np.ndarray):
        colours, alpha = rgba[..., :3], rgba[..., 3:]
        colours = cv2.multiply(colours, np.repeat(alpha, 3, axis=2), scale=1 / 255)
        self._sizes = [np.dstack([colours, alpha])]
        while min(self._sizes[-1].shape[:2]) > 8:
            height, width = self._sizes[-1].shape[:2]
            half = width // 2, height // 2
            self._sizes.append(cv2.resize(self._sizes[-1], half, interpolation=cv2.INTER_AREA))

    def mirrored(self) -> "Sprite":
        other = copy(self)
        other._sizes = [np.ascontiguousarray(size[:, ::-1]) for size in self._sizes]
        return other

    def draw(self, frame: np.ndarray, box: Box, strength: float = 1.0) -> None:
        """Draws into `frame`, RGB, what is inside of it. A `strength` below 1 fades it."""
        left, top = max(int(box.x), 0), max(int(box.y), 0)
        right = min(int(box.x + box.width) + 1, frame.shape[1])
        bottom = min(int(box.y + box.height) + 1, frame.shape[0])
        if right <= left or bottom <= top:
            return
        fitting = [size for size in self._sizes if size.shape[1] >= box.width]
        picture = (fitting or self._sizes)[-1 if fitting else 0]
        x_scale, y_scale = picture.shape[1] / box.width, picture.shape[0] / box.height
        to_picture = np.array(
            [
                [x_scale, 0, (left + 0.5 - box.x) * x_scale - 0.5],
                [0, y_scale, (top + 0.5 - box.y) * y_scale - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(picture, to_picture, (right - left, bottom - top), flags=flags)
        if strength < 1:
            patch = cv2.convertScaleAbs(patch, alpha=strength)
        behind = frame[top:bottom, left:right]
        hidden = cv2.cvtColor(255 - patch[..., 3], cv2.COLOR_GRAY2RGB)
        cv2.add(cv2.multiply(behind, hidden, scale=1 / 255), patch[..., :3], dst=behind)


class _Canvas:
    """Draws in shares of its width and height."""

    def __init__(self, width: float, height: float):
        size = round(height * _PIXELS_A_METRE), round(width * _PIXELS_A_METRE)
        self.rgba = np.zeros((*size, 4), np.uint8)

    def _place(self, x: float, y: float) -> tuple[int, int]:
        height, width = self.rgba.shape[:2]
        return round(x * (width - 1)), round(y * (height - 1))

    def area(self, colour: Colour, *corners: tuple[float, float]) -> None:
        places = np.array([self._place(*corner) for corner in corners], np.int32)
        cv2.fillPoly(self.rgba, [places], (*colour, 255))

    def rectangle(self, colour: Colour, left: float, top: float, right: float, bottom: float):
        cv2.rectangle(
            self.rgba, self._place(left, top), self._place(right, bottom), (*colour, 255), -1
        )

    def disc(self, colour: Colour, x: float, y: float, radius: float) -> None:
        """`radius` in heights."""
        pixels = round(radius * self.rgba.shape[0])
        cv2.circle(self.rgba, self._place(x, y), pixels, (*colour, 255), -1)

    def limb(self, colour: Colour, thickness: float, *joints: tuple[float, float]) -> None:
        pixels = max(1, round(thickness * self.rgba.shape[0]))
        places = np.array([self._place(*joint) for joint in joints], np.int32)
        cv2.polylines(self.rgba, [places], isClosed=False, color=(*colour, 255), thickness=pixels)

    def trimmed(self) -> Sprite:
        x, y, width, height = cv2.boundingRect(self.rgba[..., 3])
        return Sprite(self.rgba[y : y + height, x : x + width])


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, round(value * factor)) for value in colour)
    return red, green, blue


def car_along(colour: Colour, *, is_rear: bool) -> Sprite:
    """Seen from behind or from the front."""
    car = _Canvas(1.8, 1.45)
    car.rectangle(_TYRE, 0.05, 0.7, 0.22, 1)
    car.rectangle(_TYRE, 0.78, 0.7, 0.95, 1)
    car.rectangle(_UNDERSIDE, 0.05, 0.8, 0.95, 0.92)
    car.area(colour, (0.26, 0), (0.74, 0), (0.87, 0.44), (0.13, 0.44))
    car.area(_GLASS, (0.29, 0.05), (0.71, 0.05), (0.8, 0.4), (0.2, 0.4))
    car.area((96, 116, 132), (0.32, 0.07), (0.46, 0.07), (0.36, 0.38), (0.24, 0.38))
    car.area(
        colour, (0.1, 0.4), (0.9, 0.4), (1, 0.52), (1, 0.8), (0.95, 0.86), (0.05, 0.86), (0, 0.8),
        (0, 0.52),
    )  # fmt: skip
    car.rectangle(_shade(colour, 0.72), 0, 0.7, 1, 0.8)
    lamp = (214, 30, 34) if is_rear else (250, 248, 225)
    car.rectangle(lamp, 0.02, 0.52, 0.19, 0.64)
    car.rectangle(lamp, 0.81, 0.52, 0.98, 0.64)
    if not is_rear:
        car.rectangle(_UNDERSIDE, 0.28, 0.54, 0.72, 0.66)
    car.rectangle((232, 232, 226), 0.38, 0.71, 0.62, 0.79)
    return car.trimmed()


def car_across(colour: Colour) -> Sprite:
    """Seen from its side; it drives to the right."""
    car = _Canvas(4.4, 1.45)
    car.rectangle(_UNDERSIDE, 0.06, 0.74, 0.94, 0.9)
    car.area(colour, (0.2, 0.42), (0.32, 0), (0.62, 0), (0.76, 0.42))
    car.area(_GLASS, (0.24, 0.4), (0.34, 0.07), (0.46, 0.07), (0.46, 0.4))
    car.area(_GLASS, (0.48, 0.4), (0.48, 0.07), (0.6, 0.07), (0.71, 0.4))
    car.area(
        colour, (0.01, 0.46), (0.2, 0.4), (0.76, 0.4), (0.97, 0.5), (1, 0.6), (1, 0.8), (0, 0.8)
    )
    car.rectangle(_shade(colour, 0.72), 0, 0.7, 1, 0.8)
    car.rectangle((214, 30, 34), 0, 0.5, 0.03, 0.62)
    car.rectangle((250, 248, 225), 0.96, 0.52, 1, 0.63)
    for x in (0.2, 0.8):
        car.disc(_TYRE, x, 0.79, 0.21)
        car.disc((150, 152, 156), x, 0.79, 0.11)
    return car.trimmed()


def person(shirt: Colour, stride: float) -> Sprite:
    """Walking to the right; `stride`, 0 to 1, is how far apart the feet are."""
    body = _Canvas(1.2, 1.75)
    foot, hand = 0.26 * stride, 0.2 * stride
    for side, colour in ((-1, _shade(_TROUSERS, 0.8)), (1, _TROUSERS)):
        ankle = 0.5 + side * foot
        body.limb(colour, 0.085, (0.5, 0.52), (0.5 + side * foot * 0.62, 0.74), (ankle, 0.93))
        body.limb(_SHOES, 0.05, (ankle, 0.97), (ankle + 0.08, 0.97))
    body.limb(_shade(shirt, 0.75), 0.06, (0.5, 0.23), (0.5 - hand, 0.37), (0.5 - hand, 0.48))
    body.limb(shirt, 0.13, (0.5, 0.24), (0.5, 0.48))
    body.limb(_shade(shirt, 0.9), 0.06, (0.5, 0.23), (0.5 + hand, 0.37), (0.52 + hand, 0.48))
    body.disc(_SKIN, 0.52, 0.075, 0.072)
    body.area((60, 42, 30), (0.42, 0.09), (0.43, 0.02), (0.52, 0), (0.6, 0.04), (0.5, 0.055))
    return body.trimmed()


def tree(rng: np.random.Generator) -> Sprite:
    crown = _Canvas(4.0, 5.4)
    crown.area((92, 68, 48), (0.45, 0.55), (0.55, 0.55), (0.58, 1), (0.42, 1))
    green = np.array((66, 98, 44)) * rng.uniform(0.8, 1.2)
    for light in np.linspace(0.7, 1.35, 60):  # Dark ones behind, light ones before them.
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform())
        x, y = 0.5 + 0.36 * reach * np.cos(angle), 0.36 + 0.27 * reach * np.sin(angle)
        shade = light * (1.15 - 0.5 * y) * rng.uniform(0.92, 1.08)
        crown.disc(_shade(tuple(green), shade), x, y, rng.uniform(0.05, 0.11))
    return crown.trimmed()


def house(rng: np.random.Generator) -> Sprite:
    front = _Canvas(9.0, 6.5)
    wall = tuple(np.array((196, 178, 158)) * rng.uniform(0.8, 1.2, 3))
    front.rectangle(_shade(wall, 1), 0.04, 0.36, 0.96, 1)
    front.area(
        _shade((128, 70, 58), rng.uniform(0.7, 1.2)), (0.1, 0), (0.9, 0), (1, 0.38), (0, 0.38)
    )
    for row, height in ((0.44, 0.17), (0.72, 0.17)):
        for column in (0.1, 0.32, 0.54, 0.76):
            front.rectangle((232, 230, 224), column, row, column + 0.14, row + height)
            front.rectangle(_GLASS, column + 0.012, row + 0.02, column + 0.128, row + height - 0.02)
    front.rectangle((84, 60, 48), 0.455, 0.68, 0.515, 1)
    return front.trimmed()
