"""Reads what a recipe says of synthetic images: objects that are pasted on backgrounds.

synthetic:
  images: 200                   # new ones, for training alone
  seed: 1
  objects: plates               # a folder with PNG files by label: plates/car/1.png
  backgrounds: empty_roads      # a folder; without it, the version's training images
  count: [1, 4]                 # objects in an image
  size: [0.1, 0.3]              # an object's longer side, of the picture's shorter one
  rotate: [-10, 10]             # degrees
  perspective: 0.2              # how far corners move, of the object's sides
  light: [0.6, 1.3]             # a factor, for each object
  shape: mask                   # box or mask
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidset.datasets.curation.synthetic.pictures import image_files
from vidset.datasets.errors import DatasetError, shortened

_RANGES: Mapping[str, tuple[float, float, tuple[float, float]]] = {
    # name: (least, most, default)
    "count": (1, 100, (1, 3)),
    "size": (0.01, 2.0, (0.1, 0.3)),
    "rotate": (-180, 180, (0, 0)),
    "light": (0.05, 5, (1, 1)),
}
_SHAPES = ("box", "mask")
_KNOWN = (
    *("images", "seed", "objects", "backgrounds", *_RANGES, "perspective", "shape"),
    *("objects_digest", "backgrounds_digest"),
)
_MOST_IMAGES = 100_000
_MOST_SEED = 2**63


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Checked when it is made.

    Attributes:
        objects: a folder with images by label; `objects_digest` is of its names and bytes.
        backgrounds: a folder; None: the version's training images.
    """

    images: int
    objects: str
    objects_digest: str
    seed: int = 0
    backgrounds: str | None = None
    backgrounds_digest: str | None = None
    count: tuple[float, float] = _RANGES["count"][2]
    size: tuple[float, float] = _RANGES["size"][2]
    rotate: tuple[float, float] = _RANGES["rotate"][2]
    light: tuple[float, float] = _RANGES["light"][2]
    perspective: float = 0.0
    shape: str = "box"

    @classmethod
    def of(cls, given: Any, folder: Path) -> "Synthetic":
        """Make it of what YAML or JSON gives.

        Args:
            folder: which the paths are relative to.

        Raises:
            DatasetError: something in it cannot be, or the folders are other ones than recorded.
        """
        if not isinstance(given, Mapping) or not set(given) <= set(_KNOWN):
            got = sorted(map(str, given)) if isinstance(given, Mapping) else shortened(given)
            raise DatasetError(f"wanted synthetic with {', '.join(_KNOWN[:-2])}; got {got}")
        objects = _folder("objects", given.get("objects"), folder)
        backgrounds = None
        if given.get("backgrounds") is not None:
            backgrounds = _folder("backgrounds", given["backgrounds"], folder)
        made = cls(
            images=_whole("images", given.get("images"), 1, _MOST_IMAGES),
            seed=_whole("seed", given.get("seed", 0), 0, _MOST_SEED),
            objects=str(objects),
            objects_digest=_digest(objects),
            backgrounds=None if backgrounds is None else str(backgrounds),
            backgrounds_digest=None if backgrounds is None else _digest(backgrounds),
            perspective=_number("perspective", given.get("perspective", 0), 0, 0.5),
            shape=_shape(given.get("shape", "box")),
            **{name: _range(name, given.get(name, most[2])) for name, most in _RANGES.items()},
        )
        for name in "objects_digest", "backgrounds_digest":
            if given.get(name) not in (None, getattr(made, name)):
                raise DatasetError(f"synthetic: the {name.partition('_')[0]} are not those of then")
        return made

    def to_json(self) -> dict[str, Any]:
        """Return it as version.json keeps it."""
        kept = asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in kept.items()
            if value is not None
        }

    @property
    def content(self) -> dict[str, Any]:
        """Everything that decides what comes out: paths do not, what is in them does."""
        return {key: value for key, value in self.to_json().items() if key not in _PATHS}


_PATHS = ("objects", "backgrounds")


def _folder(what: str, given: Any, folder: Path) -> Path:
    if not isinstance(given, str) or not given:
        raise DatasetError(f"synthetic: wanted {what} as a folder, got {shortened(given)}")
    path = folder / given
    if not path.is_dir():
        raise DatasetError(f"synthetic: wanted {what} as a folder, there is no {path}")
    return path


def _digest(folder: Path) -> str:
    """Return a hash of the names and the bytes of a folder's images."""
    told = hashlib.sha256()
    for name, data in image_files(folder):
        told.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return told.hexdigest()


def _whole(what: str, given: Any, least: int, most: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise DatasetError(
            f"synthetic: wanted {what} from {least} to {most}, got {shortened(given)}"
        )
    return given


def _number(what: str, given: Any, least: float, most: float) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or not least <= given <= most:
        raise DatasetError(
            f"synthetic: wanted {what} from {least:g} to {most:g}, got {shortened(given)}"
        )
    return float(given)


def _range(name: str, given: Any) -> tuple[float, float]:
    least, most, _ = _RANGES[name]
    both = given if isinstance(given, list | tuple) else [given, given]
    if len(both) != 2:
        raise DatasetError(f"synthetic: wanted {name} as [lowest, highest], got {shortened(given)}")
    low, high = (_number(name, each, least, most) for each in both)
    if low > high:
        raise DatasetError(f"synthetic: wanted {name} as [lowest, highest], got {given}")
    return low, high


def _shape(given: Any) -> str:
    if given not in _SHAPES:
        raise DatasetError(f"synthetic: wanted shape box or mask, got {shortened(given)}")
    return given
