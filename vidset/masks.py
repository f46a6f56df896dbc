"""Masks: which pixels of an image belong to an object, and how COCO writes that down.

Everything here takes numpy alone, so that the labeling functions can import it. A picture of a
mask is (height, width) bool. COCO counts runs down the columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_PIXELS = 1 << 28
"""A mask of more is refused: a few bytes can claim any size, and memory is taken for it."""
_MOST_CHARACTERS = 7  # Of one number in COCO's text: 35 bits.


@dataclass(frozen=True, slots=True)
class Mask:
    """The pixels of an object, as COCO's compressed text of run lengths.

    Attributes:
        width, height: of the image.
        counts: lengths of runs down the columns, of pixels outside first.
    """

    width: int
    height: int
    counts: str

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Mask":
        """Encode a picture: whatever is not zero belongs to the object."""
        height, width = pixels.shape
        return cls.of_runs(width, height, _runs(pixels))

    @classmethod
    def of_runs(cls, width: int, height: int, runs: Sequence[int] | np.ndarray) -> "Mask":
        """Take COCO's uncompressed list.

        Raises:
            ValueError: the runs do not come to the image's size.
        """
        lengths = np.asarray(runs)
        if lengths.ndim != 1 or (lengths.size and lengths.dtype.kind not in "iu"):
            raise ValueError(f"wanted whole numbers as counts, got {str(runs)[:80]!r}")
        _check(width, height, lengths)
        return cls(width, height, _compressed(_merged(lengths.astype(np.int64))))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Mask":
        """Read `{"size": [height, width], "counts": text or list}`, as COCO has it.

        Raises:
            ValueError: it is not so.
        """
        size, counts = document.get("size"), document.get("counts")
        if (
            not isinstance(size, list | tuple)
            or len(size) != 2
            or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in size)
        ):
            raise ValueError(f"wanted a mask's size as [height, width], got {str(size)[:80]!r}")
        height, width = size
        if isinstance(counts, bytes):
            counts = counts.decode("ascii", "replace")
        if isinstance(counts, list):
            return cls.of_runs(width, height, counts)
        if not isinstance(counts, str):
            raise ValueError(f"wanted a mask's counts as a text or list, got {str(counts)[:80]!r}")
        mask = cls(width, height, counts)
        return cls.of_runs(width, height, mask.runs())

    def to_document(self) -> dict[str, Any]:
        """Returns the mask as COCO has it: `size` is height and width."""
        return {"size": [self.height, self.width], "counts": self.counts}

    def runs(self) -> list[int]:
        """COCO's uncompressed list. Raises ValueError: the text is damaged."""
        runs = _decompressed(self.counts)
        _check(self.width, self.height, runs)
        return runs.tolist()

    def pixels(self) -> np.ndarray:
        """The picture, (height, width) bool. Raises ValueError: the text is damaged."""
        return self.crop(0, 0, self.width, self.height)

    def crop(self, left: int, top: int, right: int, bottom: int) -> np.ndarray:
        """Return a part of the picture, (bottom - top, right - left) bool.

        Raises:
            ValueError: the text is damaged.
        """
        runs = np.array(self.runs(), np.int64)
        values = np.zeros(len(runs), bool)
        values[1::2] = True
        columns = np.repeat(values, runs).reshape(self.width, self.height)
        return np.ascontiguousarray(columns[left:right, top:bottom].T)

    @property
    def area(self) -> int:
        """The number of its pixels."""
        return sum(self.runs()[1::2])

    @property
    def bounds(self) -> tuple[int, int, int, int] | None:
        """Returns left, top, right and bottom of the box around it; None of an empty one."""
        runs = np.array(self.runs(), np.int64)
        ends = np.cumsum(runs)
        starts, ends = ends[0:-1:2], ends[1::2]
        starts, ends = starts[starts < ends], ends[starts < ends]
        if not len(starts):
            return None
        last = ends - 1
        is_wrapped = starts // self.height != last // self.height
        top = 0 if is_wrapped.any() else int((starts % self.height).min())
        bottom = self.height if is_wrapped.any() else int((last % self.height).max()) + 1
        return int(starts[0] // self.height), top, int(last[-1] // self.height) + 1, bottom


def _runs(pixels: np.ndarray) -> np.ndarray:
    flat = pixels.astype(bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate([[0], changes, [flat.size]]))
    return np.concatenate([[0], runs]) if flat.size and flat[0] else runs


def _merged(runs: np.ndarray) -> np.ndarray:
    """Merges runs around empty ones, so that one picture has one text."""
    if not runs.size or (runs[1:] > 0).all():
        return runs
    values = np.arange(len(runs)) % 2
    values, runs = values[runs > 0], runs[runs > 0]
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    merged = np.add.reduceat(runs, first)
    return np.concatenate([[0], merged]) if values[0] else merged


def _check(width: int, height: int, runs: np.ndarray) -> None:
    if width * height > MOST_PIXELS:
        raise ValueError(f"wanted a mask of at most {MOST_PIXELS} px, got {width} x {height}")
    total = sum(runs.tolist())
    if total != width * height or (runs < 0).any():
        raise ValueError(
            f"wanted a mask's runs to come to {width} x {height} = {width * height} px, got {total}"
        )


def _compressed(runs: np.ndarray) -> str:
    """Numbers in groups of five bits, low ones first; from the fourth on, differences."""
    numbers = runs.copy()
    numbers[3:] -= runs[1:-2]
    groups = np.zeros((len(numbers), _MOST_CHARACTERS), np.uint8)
    is_there = np.zeros_like(groups, bool)
    goes_on = np.ones(len(numbers), bool)
    for place in range(_MOST_CHARACTERS):
        is_there[:, place] = goes_on
        low = numbers & 31
        numbers = numbers >> 5
        more = goes_on & np.where(low & 16, numbers != -1, numbers != 0)
        groups[:, place] = low + np.where(more, 32, 0) + 48
        goes_on = more
    return groups[is_there].tobytes().decode("ascii")


def _decompressed(text: str) -> np.ndarray:
    try:
        characters = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise ValueError(f"wanted COCO's compressed counts, got {text[:40]!r}") from None
    if not len(characters):
        raise ValueError("wanted COCO's compressed counts, got an empty text")
    if characters.min() < 0 or characters.max() > 63 or characters[-1] & 32:
        raise ValueError(f"wanted COCO's compressed counts, got {text[:40]!r}")
    ends = np.flatnonzero((characters & 32) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _MOST_CHARACTERS:
        raise ValueError(f"wanted COCO's compressed counts, got a number too long: {text[:40]!r}")
    places = np.arange(len(characters)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((characters & 31) << (5 * places), starts)
    is_negative = (characters[ends] & 16) > 0
    numbers[is_negative] -= np.int64(1) << (5 * lengths[is_negative])
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers
