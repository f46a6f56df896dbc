"""One picture of what became of a video's samples, the kept and the dropped, in their order."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import cv2
import numpy as np

from vidset.demo.sheet_drawing import Layout, draw_sheet
from vidset.elements import FrameRow
from vidset.storage.writing import write_atomically

LIMIT = 240  # Tiles of a sheet: of more samples it shows a choice.


class Frame(Protocol):
    """A decoded sample, as `vidset.video.decoding` gives it."""

    @property
    def pts_seconds(self) -> float: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def rgb(self) -> np.ndarray: ...


def write_contact_sheet(
    path: str,
    title: str,
    subtitle: str,
    rows: Sequence[FrameRow],
    frames: Iterable[Frame],
) -> None:
    """Write a JPEG. `rows` are of one video, at least one; `frames` are its samples."""
    shown = choose(rows)
    layout = Layout.of(len(shown), rows[0].width / rows[0].height)
    pictures = thumbnails(frames, [rows[place] for place in shown], layout.picture_size)
    sheet = draw_sheet(title, subtitle, rows, shown, pictures, layout)
    _, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_atomically(path, data.tobytes())


def choose(rows: Sequence[FrameRow], limit: int = LIMIT) -> list[int]:
    """Indices of at most `limit` samples: those where the decision changes, others evenly between.

    Where it changes too often, these are thinned evenly too.
    """
    if len(rows) <= limit:
        return list(range(len(rows)))
    turns = {0}
    for place in range(1, len(rows)):
        if rows[place].reason != rows[place - 1].reason:
            turns |= {place - 1, place}
    if len(turns) >= limit:
        return _evenly(sorted(turns), limit)
    others = [place for place in range(len(rows)) if place not in turns]
    return sorted(turns | set(_evenly(others, limit - len(turns))))


def _evenly(items: list[int], number: int) -> list[int]:
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, number)]


def thumbnails(
    frames: Iterable[Frame], rows: Iterable[FrameRow], size: tuple[int, int]
) -> dict[float, np.ndarray]:
    """Small pictures that fit into `size` (width, height), by the time of the samples in `rows`.

    Frames are let go of one by one. A sample that is not among them has no picture.
    """
    wanted = {row.pts_seconds for row in rows}
    found = {}
    for frame in frames:
        if frame.pts_seconds in wanted:
            scale = min(size[0] / frame.width, size[1] / frame.height)
            small = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
            found[frame.pts_seconds] = cv2.resize(
                frame.rgb(), small, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            )
    return found
