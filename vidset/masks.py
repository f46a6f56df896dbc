"""Masks: which pixels of an image belong to an object, and every way of writing that down.

Everything here takes numpy alone, so that the labeling functions can import it. A picture of a
mask is (height, width) bool. COCO counts runs down the columns, Label Studio's brush along the
rows; polygons are filled exactly as pycocotools fills them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Points = tuple[tuple[float, float], ...]
MOST_PIXELS = 1 << 28
"""A mask of more is refused: a few bytes can claim any size, and memory is taken for it."""
_MOST_CHARACTERS = 7  # Of one number in COCO's text: 35 bits.
_SCALE = 5.0  # By which pycocotools enlarges a polygon before it walks along its edges.
_CHANNELS = 4  # Label Studio's brush paints red, green, blue and alpha.
_BRUSH_SIZES = (3, 4, 8, 16)


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
        """As COCO has it: `size` is height and width."""
        return {"size": [self.height, self.width], "counts": self.counts}

    def runs(self) -> list[int]:
        """COCO's uncompressed list. Raises ValueError: the text is damaged."""
        runs = _decompressed(self.counts)
        _check(self.width, self.height, runs)
        return runs.tolist()

    def pixels(self) -> np.ndarray:
        """The picture, (height, width) bool. Raises ValueError: the text is damaged."""
        runs = np.array(self.runs(), np.int64)
        values = np.zeros(len(runs), bool)
        values[1::2] = True
        flat = np.repeat(values, runs)
        return np.ascontiguousarray(flat.reshape(self.width, self.height).T)

    @property
    def area(self) -> int:
        """The number of its pixels."""
        return sum(self.runs()[1::2])

    @property
    def bounds(self) -> tuple[int, int, int, int] | None:
        """Left, top, right and bottom of the box around it; None of an empty one."""
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


def filled(rings: Iterable[tuple[Points, bool]], width: int, height: int) -> np.ndarray:
    """Paint rings in their order: each adds its area, or as a hole takes it away.

    Args:
        rings: corners in pixels, and whether they are a hole.
    """
    pixels = np.zeros((height, width), bool)
    for points, is_hole in rings:
        inside = _filled(points, width, height)
        pixels = pixels & ~inside if is_hole else pixels | inside
    return pixels


def outlines(pixels: np.ndarray) -> list[tuple[Points, bool]]:
    """The rings along the edges of the pixels, which `filled` makes the same picture of.

    No ring touches itself. Larger ones come first, so that an island comes after its lake.
    """
    steps = _edges(pixels)
    rings = []
    while steps:
        start = next(iter(steps))
        path, seen = [start], {start: 0}
        here, heading = start, (0, 0)
        while True:
            heading = _turned(steps, here, heading)
            here = here[0] + heading[0], here[1] + heading[1]
            if here in seen:  # A ring is closed; the way here goes on.
                first = seen[here]
                ring = path[first:]
                for each in ring[1:]:
                    del seen[each]
                del path[first + 1 :]
                rings.append(_ring(ring))
                if first == 0 and here not in steps:
                    break
                if first == 0:
                    heading = (0, 0)
                continue
            seen[here] = len(path)
            path.append(here)
    return sorted(
        ((points, area < 0) for points, area in rings), key=lambda ring: -abs(_area(ring[0]))
    )


def from_brush(numbers: Sequence[int], width: int, height: int) -> np.ndarray:
    """The picture that Label Studio's brush painted: where its alpha is not zero.

    Raises:
        ValueError: the numbers are no such list, or of another size.
    """
    try:
        bits = _Bits(bytes(numbers))
    except (TypeError, ValueError):
        raise ValueError(
            f"wanted a brush's rle as numbers from 0 to 255, got {str(numbers)[:80]!r}"
        ) from None
    number = bits.read(32)
    wanted = width * height * _CHANNELS
    if number != wanted or wanted > MOST_PIXELS * _CHANNELS:
        raise ValueError(
            f"wanted a brush's rle of {width} x {height} px, {wanted} values, got {number}"
        )
    word = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    values = np.zeros(number, np.uint8)
    at = 0
    while at < number:
        is_run = bits.read(1)
        end = at + 1 + bits.read(sizes[bits.read(2)])
        if end > number:
            raise ValueError(f"wanted a brush's rle of {number} values, got more")
        if is_run:
            values[at:end] = bits.read(word) & 255
        else:
            values[at:end] = [bits.read(word) & 255 for _ in range(end - at)]
        at = end
    return values.reshape(height, width, _CHANNELS)[:, :, 3] > 0


def to_brush(pixels: np.ndarray) -> list[int]:
    """Label Studio's rle of a picture, white where it is set."""
    flat = pixels.ravel().astype(bool)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], changes, [flat.size]]) * _CHANNELS
    bits = [f"{flat.size * _CHANNELS:032b}", f"{7:05b}"]
    bits += [f"{size - 1:04b}" for size in _BRUSH_SIZES]
    for start, end in pairwise(starts.tolist()):
        value = 255 if flat[start // _CHANNELS] else 0
        left = end - start
        while left:
            length = min(left, 1 << _BRUSH_SIZES[-1])
            which = next(n for n, size in enumerate(_BRUSH_SIZES) if length <= 1 << size)
            bits.append(f"1{which:02b}{length - 1:0{_BRUSH_SIZES[which]}b}{value:08b}")
            left -= length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


class _Bits:
    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def read(self, number: int) -> int:
        """The next bits as a number. Raises ValueError: there are no more."""
        first, end = self._at >> 3, self._at + number
        if end > len(self._data) * 8:
            raise ValueError("wanted a whole brush's rle, got one that is cut off")
        last = (end + 7) >> 3
        value = int.from_bytes(self._data[first:last], "big") >> (last * 8 - end)
        self._at = end
        return value & ((1 << number) - 1)


def _runs(pixels: np.ndarray) -> np.ndarray:
    flat = pixels.astype(bool).ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate([[0], changes, [flat.size]]))
    return np.concatenate([[0], runs]) if flat.size and flat[0] else runs


def _merged(runs: np.ndarray) -> np.ndarray:
    """Without empty runs between others, so that one picture has one text."""
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


def _filled(points: Points, width: int, height: int) -> np.ndarray:
    """The steps of pycocotools' rleFrPoly, for all edges at once."""
    corners = np.trunc(_SCALE * np.asarray(points, float) + 0.5).astype(np.int64)
    start, end = corners, np.roll(corners, -1, axis=0)
    dx, dy = np.abs(end - start).T
    is_flat = dx >= dy
    is_flipped = (is_flat & (start[:, 0] > end[:, 0])) | (~is_flat & (start[:, 1] > end[:, 1]))
    start, end = (
        np.where(is_flipped[:, None], end, start),
        np.where(is_flipped[:, None], start, end),
    )
    long = np.maximum(dx, dy)
    rise = np.where(is_flat, end[:, 1] - start[:, 1], end[:, 0] - start[:, 0])
    slope = rise / np.maximum(long, 1)
    which = np.repeat(np.arange(len(long)), long + 1)
    step = np.arange(len(which)) - np.repeat(np.cumsum(long + 1) - (long + 1), long + 1)
    step = np.where(is_flipped[which], long[which] - step, step)
    along = np.where(is_flat, start[:, 0], start[:, 1])[which] + step
    across = np.where(is_flat, start[:, 1], start[:, 0])[which]
    across = np.trunc(across + slope[which] * step + 0.5).astype(np.int64)
    u = np.where(is_flat[which], along, across)
    v = np.where(is_flat[which], across, along)
    has_moved = u[1:] != u[:-1]
    before, after = (u[:-1][has_moved], v[:-1][has_moved]), (u[1:][has_moved], v[1:][has_moved])
    x = (np.where(after[0] < before[0], after[0], after[0] - 1) + 0.5) / _SCALE - 0.5
    is_inside = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    y = (np.minimum(after[1], before[1]) + 0.5) / _SCALE - 0.5
    y = np.ceil(np.clip(y, 0, height))
    at = (x[is_inside] * height + y[is_inside]).astype(np.int64)
    toggles = np.bincount(at, minlength=width * height + 1)[:-1]
    return (np.cumsum(toggles) % 2 == 1).reshape(width, height).T


def _edges(pixels: np.ndarray) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """From each corner of a pixel, the steps along the edge that have the object on their right."""
    framed = np.pad(pixels.astype(bool), 1)
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    over, under = framed[:-1, 1:-1], framed[1:, 1:-1]
    left, right = framed[1:-1, :-1], framed[1:-1, 1:]
    for is_edge, shift, heading in (
        (under & ~over, (0, 0), (1, 0)),
        (over & ~under, (1, 0), (-1, 0)),
        (right & ~left, (0, 1), (0, -1)),
        (left & ~right, (0, 0), (0, 1)),
    ):
        rows, columns = np.nonzero(is_edge)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            steps.setdefault((x + shift[0], y + shift[1]), []).append(heading)
    return steps


def _turned(
    steps: dict[tuple[int, int], list[tuple[int, int]]],
    here: tuple[int, int],
    heading: tuple[int, int],
) -> tuple[int, int]:
    """Take the next step out; of two the one to the right, which stays with its pixel."""
    ways = steps[here]
    right = (-heading[1], heading[0])
    way = right if right in ways else ways[0]
    ways.remove(way)
    if not ways:
        del steps[here]
    return way


def _ring(path: list[tuple[int, int]]) -> tuple[Points, float]:
    """The corners alone, and the area: above zero where the path goes clockwise."""
    before, after = [path[-1], *path[:-1]], [*path[1:], path[0]]
    corners = tuple(
        (float(x), float(y))
        for (x, y), (px, py), (nx, ny) in zip(path, before, after, strict=True)
        if (x - px) * (ny - y) != (y - py) * (nx - x)
    )
    return corners, _area(corners)


def _area(points: Points) -> float:
    pairs = pairwise([*points, points[0]])
    return sum(x * b - a * y for (x, y), (a, b) in pairs) / 2
