"""One picture of some of the labeled images, with what is marked in them."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

import cv2
import numpy as np

from vidset.datasets.images.measures import decode
from vidset.demo.sheet_drawing import (
    BACKGROUND,
    BOLD,
    BORDER,
    DIM,
    MARGIN,
    PANEL,
    TEXT,
    Colour,
    Layout,
    write_text,
)
from vidset.labeling.annotation import Annotation, LabeledObject
from vidset.labeling.shapes import turned_corners
from vidset.outlines import outlines
from vidset.regular_files import read_regular
from vidset.storage.writing import write_atomically

LIMIT, _COLUMNS, _TILE_WIDTH = 12, 3, 420
# To be seen before roads, trees and sky.
_COLOURS: tuple[Colour, ...] = ((255, 222, 0), (255, 64, 190), (0, 236, 255), (255, 120, 40))


def write_labels_sheet(
    path: str, title: str, subtitle: str, annotations: Sequence[Annotation]
) -> None:
    """Write a JPEG. `annotations` are at least one, and their images are files."""
    numbers = Counter(item.label for one in annotations for item in one.objects)
    shown = choose(annotations)
    width, height = shown[0].image_width or 16, shown[0].image_height or 9
    inside = _TILE_WIDTH - 2 * BORDER
    layout = Layout(
        _COLUMNS, _TILE_WIDTH, round(inside * height / width), math.ceil(len(shown) / _COLUMNS)
    )
    wide, high = layout.size
    sheet = np.full((high, wide, 3), BACKGROUND, np.uint8)
    colours = dict(zip(sorted(numbers), cycle(_COLOURS), strict=False))
    write_text(sheet, title, (MARGIN, 54), 0.85, TEXT, font=BOLD, until=wide - MARGIN)
    write_text(sheet, subtitle, (MARGIN, 114), 0.46, DIM, until=wide - MARGIN)
    totals = f"{len(annotations)} labeled images.  Shown: {len(shown)}"
    x = write_text(sheet, totals, (MARGIN, 86), 0.5, TEXT) + 28
    for label, number in sorted(numbers.items()):
        cv2.rectangle(sheet, (x, 76), (x + 11, 87), colours[label], -1)
        x = write_text(sheet, f"{label} {number}", (x + 18, 86), 0.5, TEXT) + 20
    for tile, annotation in enumerate(shown):
        left, top = layout.corner(tile)
        part = sheet[top : top + layout.tile_height, left : left + layout.tile_width]
        _draw_tile(part, annotation, layout, colours)
    _, data = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_atomically(path, data.tobytes())


def choose(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Some, evenly, of those with objects; of all, if none has any."""
    fit = [one for one in annotations if one.objects] or list(annotations)
    places = np.linspace(0, len(fit) - 1, min(len(fit), LIMIT))
    return [fit[round(place)] for place in places]


def _draw_tile(
    tile: np.ndarray, annotation: Annotation, layout: Layout, colours: dict[str, Colour]
) -> None:
    (width, height), below = layout.picture_size, layout.picture_height + 2 * BORDER
    tile[:] = PANEL
    picture = decode(read_regular(annotation.image_uri), annotation.image_uri)
    inside = tile[BORDER : BORDER + height, BORDER : BORDER + width]
    inside[:] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    scale = width / picture.shape[1], height / picture.shape[0]
    for item in annotation.objects:
        _draw_object(inside, item, scale, colours[item.label])
    numbers = Counter(item.label for item in annotation.objects)
    said = ", ".join(f"{number} {label}" for label, number in sorted(numbers.items()))
    until = layout.tile_width - 4
    write_text(tile, said or "nothing to mark", (8, below + 18), 0.5, TEXT, font=BOLD, until=until)
    name = "/".join(annotation.image_uri.split("/")[-3:])
    write_text(tile, name, (8, below + 37), 0.44, DIM, until=until)


def _draw_object(
    picture: np.ndarray, item: LabeledObject, scale: tuple[float, float], colour: Colour
) -> None:
    rings = [ring.points for ring in item.rings or ()]
    if item.box:
        rings = [turned_corners(item.box)]
    if item.mask:
        rings = [points for points, _ in outlines(item.mask.pixels())]
    if not rings:
        return
    drawn = [(np.array(points) * scale).round().astype(np.int32) for points in rings]
    cv2.polylines(picture, drawn, isClosed=True, color=colour, thickness=2)
    outline = np.concatenate(drawn)
    x, y = (int(least) for least in outline.min(axis=0))
    bottom = max(y - 1, 12)
    cv2.rectangle(picture, (x - 1, bottom - 12), (x + 3 + 7 * len(item.label), bottom), colour, -1)
    write_text(picture, item.label, (x + 2, bottom - 3), 0.36, BACKGROUND)
