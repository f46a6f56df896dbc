"""Pictures of 720p with the heads of real people, whose place is known exactly.

The people are in pictures that packages carry; none of them is part of vidset. Where eyes and chin
are was marked once, seen on each picture, and stands in `benchmarks/marked_faces.py`.
"""

import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.marked_faces import ARCHIVES, MARKED, Marks
from vidset.jpeg import jpeg

WIDTH, HEIGHT = 1280, 720
# Heights of faces in pixels, from the hairline to the chin: from, and below.
CLASSES = ((20, 30), (30, 50), (50, 100), (100, 200))
_OF_EACH_CLASS = 2
# The eyes lie at two fifths of the way from the hairline to the chin.
_HEIGHT_BELOW_EYES = 0.6
# Of what is pasted, in heights of the face: an ellipse with hair and neck, and a soft edge.
_HALF_WIDTH, _HALF_HEIGHT, _SOFT = 0.62, 0.8, 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A face in a picture, (h, w, 3) uint8 RGB. `marks` are left eye, right eye, chin: (3, 2)."""

    picture: np.ndarray
    marks: np.ndarray

    @property
    def height(self) -> float:
        """Return the height of the face in pixels."""
        return float(np.linalg.norm(self._down) / _HEIGHT_BELOW_EYES)

    @property
    def middle(self) -> np.ndarray:
        """Return the point half way from hairline to chin."""
        return self.marks[2] - self._down * 0.5 / _HEIGHT_BELOW_EYES

    @property
    def angle(self) -> float:
        """Return by how many degrees the face is turned in the picture's plane; 0 is upright."""
        return float(np.degrees(np.arctan2(-self._down[0], self._down[1])))

    @property
    def inner(self) -> np.ndarray:
        """Return the four corners of the inner face, (4, 2).

        It reaches from 0.3 of the eyes' distance above the line of the eyes to the chin. There it
        is as wide as the eyes are apart, and at the eyes twice as wide.
        """
        left, right, chin = self.marks
        apart = right - left
        middle, up = (left + right) / 2, -self._down / np.linalg.norm(self._down)
        brow = middle + 0.3 * np.linalg.norm(apart) * up
        return np.stack([brow - apart, brow + apart, chin + apart / 2, chin - apart / 2])

    @property
    def _down(self) -> np.ndarray:
        return self.marks[2] - (self.marks[0] + self.marks[1]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a composed picture: its height in pixels, and its inner face, (4, 2)."""

    height: float
    inner: np.ndarray

    def covered(self, boxes: Sequence[tuple[int, int, int, int]]) -> float:
        """Return the share of the inner face that lies in boxes: left, top, right, bottom."""
        fine = 8
        first = np.floor(self.inner.min(axis=0))
        across, down = (np.ceil(self.inner.max(axis=0)) - first).astype(int) * fine
        mask = np.zeros((down, across), np.uint8)
        cv2.fillConvexPoly(mask, np.round((self.inner - first) * fine).astype(np.int32), 1)
        whole = int(mask.sum())
        for box in boxes:
            left, top, right, bottom = (
                max(0, int((side - first[number % 2]) * fine)) for number, side in enumerate(box)
            )
            mask[top:bottom, left:right] = 0
        return 1 - int(mask.sum()) / whole


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """A JPEG with faces."""

    data: bytes
    faces: list[Face]


def missing_archives(folder: Path) -> list[str]:
    """Return what is not in the folder."""
    return [title for name, title in ARCHIVES.items() if not any(folder.glob(name))]


def read_people(folder: Path) -> list[Person]:
    """Read the people of all marked pictures out of the archives in the folder."""
    people = []
    for (archive, name), faces in MARKED.items():
        picture = read_rgb(_member(next(folder.glob(archive)), name))
        people += [Person(picture, _points(marks)) for marks in faces]
    return people


def read_rgb(data: bytes) -> np.ndarray:
    """Return a picture as (h, w, 3) uint8 RGB."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, "it cannot be read as a picture"
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _member(archive: Path, name: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(name)
    with tarfile.open(archive) as packed:
        member = packed.extractfile(name)
        assert member is not None, f"{archive}: {name} is no file"
        return member.read()


def _points(marks: Marks) -> np.ndarray:
    return np.array(marks, np.float64).reshape(3, 2)


def compose(people: Sequence[Person], background: np.ndarray, seed: int) -> Composed:
    """Paste heads onto a picture, two of each class of heights. The same seed gives the same.

    Args:
        background: (720, 1280, 3) uint8 RGB.
    """
    random = np.random.default_rng(seed)
    picture = background.copy()
    heights = [
        float(np.exp(random.uniform(np.log(low), np.log(high))))
        for low, high in reversed(CLASSES)
        for _ in range(_OF_EACH_CLASS)
    ]
    faces = []
    for height, place in zip(heights, _places(heights, random), strict=True):
        # No face is made larger than it was taken.
        fitting = [person for person in people if person.height >= height]
        person = fitting[random.integers(len(fitting))]
        faces.append(_paste(picture, person, height, place, random))
    return Composed(jpeg(picture, int(random.integers(60, 96))), faces)


def _places(heights: Sequence[float], random: np.random.Generator) -> list[np.ndarray]:
    """Return the middles of heads that lie whole in the picture, and do not touch."""
    found: list[np.ndarray] = []
    while len(found) < len(heights):
        found.clear()
        for number, height in enumerate(heights):
            for _ in range(100):
                edge = 0.9 * height
                place = random.uniform([edge, edge], [WIDTH - edge, HEIGHT - edge])
                apart = [0.9 * (height + heights[other]) for other in range(number)]
                if all(
                    np.abs(place - other).max() > least
                    for other, least in zip(found, apart, strict=True)
                ):
                    found.append(place)
                    break
            else:
                break
    return found


def _paste(
    picture: np.ndarray,
    person: Person,
    height: float,
    place: np.ndarray,
    random: np.random.Generator,
) -> Face:
    scale = height / person.height
    mirrored = -1 if random.random() < 0.5 else 1
    turned = np.radians(random.uniform(-20, 20))
    # Averaged down first, then turned: both at once would leave jagged edges.
    small = cv2.resize(person.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    exact = np.array(small.shape[1::-1]) / person.picture.shape[1::-1]
    cosine, sine = np.cos(turned), np.sin(turned)
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([mirrored, 1])
    moved = place - turn @ (person.middle * exact)
    whole = np.column_stack([turn, moved])
    head = cv2.warpAffine(
        small,
        # Pixels have their middles at halves, for OpenCV at whole numbers.
        np.column_stack([turn, moved + turn @ [0.5, 0.5] - 0.5]),
        (WIDTH, HEIGHT),
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    head = np.clip(head * random.uniform(0.6, 1.3), 0, 255)
    head = cv2.GaussianBlur(head, (0, 0), random.uniform(0.2, 1.0))
    ellipse = np.zeros((HEIGHT, WIDTH), np.float32)
    angle = mirrored * person.angle + np.degrees(turned)
    axes = 2 * _HALF_WIDTH * height, 2 * _HALF_HEIGHT * height
    cv2.ellipse(ellipse, (place.tolist(), axes, angle), 1.0, -1)
    soft = cv2.GaussianBlur(ellipse, (0, 0), _SOFT * height)[..., None]
    picture[:] = np.round(soft * head + (1 - soft) * picture).astype(np.uint8)
    inner = np.column_stack([person.inner * exact, np.ones(4)]) @ whole.T
    return Face(height, inner)
