"""Draws on a picture what a model says of it, and what is true where that is known.

Pictures are (height, width, 3) uint8 RGB. Small ones are enlarged and large ones made smaller, so
that the words on them can be read.
"""

import colorsys
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vidset.formats.painting import BACKGROUND, IGNORED
from vidset.masks import Mask
from vidset.training.running.drawn.lettering import (
    BLACK,
    WHITE,
    Colour,
    Tag,
    shortened,
    width_of,
    write,
    write_tags,
)
from vidset.training.running.drawn.strokes import (
    LONGEST,
    corners_of,
    draw_dashed,
    fill,
    letter_size,
    line_width,
    outlines_of,
    pixels_at,
    to_size,
)
from vidset.training.scoring.matching import Thing, match

_FILL, _SURFACE = 0.35, 0.55
_PAPER, _INK, _RIGHT, _WRONG = (24, 27, 32), (236, 238, 242), (90, 200, 120), (240, 100, 90)
_COLOURS: tuple[Colour, ...] = (
    *((255, 140, 40), (60, 160, 255), (120, 220, 70), (235, 80, 190), (255, 220, 60)),
    *((80, 225, 220), (165, 115, 255), (250, 85, 75), (180, 190, 90), (255, 180, 190)),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An object to be drawn.

    Attributes:
        has_score: whether the model told how sure it is.
        note: what else is told of it, such as the text on a plate.
    """

    thing: Thing
    has_score: bool = False
    note: str = ""

    @classmethod
    def of(cls, told: dict[str, Any], uri: str) -> "Shown":
        """Read an object of predictions, or what a function has made of it.

        Raises:
            DatasetError: see `Thing.from_json`.
        """
        known = ("label", "box", "score", "mask", "id", "type")
        notes = [value for key, value in told.items() if key not in known]
        note = " ".join(each for each in notes if isinstance(each, str))
        return cls(Thing.from_json(told, uri), "score" in told, note)


def shown_in(text: str | None, uri: str) -> list[Shown]:
    """Return the objects in the text of a column of predictions.

    Raises:
        DatasetError: see `Thing.from_json`.
    """
    return [Shown.of(each, uri) for each in json.loads(text or "[]")]


def colours_of(labels: Iterable[str]) -> dict[str, Colour]:
    """Return a colour for each label, always the same for the same labels."""
    return {label: _colour(place) for place, label in enumerate(sorted(set(labels)))}


def draw_objects(
    picture: np.ndarray,
    predicted: Sequence[Shown],
    true: Sequence[Shown] | None,
    colours: Mapping[str, Colour],
    longest: int = LONGEST,
) -> np.ndarray:
    """Draw predicted objects in colour, with label and score, and true ones as dashed lines.

    A true object that no prediction hits says that it was missed.

    Args:
        true: None where nobody has said what is there.
        longest: the longer side of the picture, in pixels, at most.
    """
    scaled, scale = to_size(picture, longest)
    thick, size = line_width(scaled), letter_size(scaled)
    ordered = sorted(predicted, key=lambda each: each.thing.score)
    for each in ordered:
        if each.thing.mask is not None:
            fill(scaled, pixels_at(each.thing.mask, scaled), colours[each.thing.label], _FILL)
    for each in true or ():
        for outline in outlines_of(each.thing, scaled, scale):
            draw_dashed(scaled, outline, thick)
    for each in ordered:
        for outline in outlines_of(each.thing, scaled, scale, with_box=True):
            cv2.polylines(scaled, [outline], isClosed=True, color=BLACK, thickness=thick + 2)
            cv2.polylines(
                scaled, [outline], isClosed=True, color=colours[each.thing.label], thickness=thick
            )
    matched = match([each.thing for each in true or ()], [each.thing for each in predicted])
    missed = [true[place].thing for place in matched.missed] if true else []
    tags = [
        Tag(_words(each), colours[each.thing.label], corners_of(each.thing, scale))
        for each in reversed(ordered)
    ]
    tags += [
        Tag(f"missed: {each.label}", WHITE, corners_of(each, scale), is_below=True)
        for each in missed
    ]
    write_tags(scaled, tags, size)
    counts = Counter(each.thing.label for each in predicted)
    legend = [(f"{label} {number}", colours[label]) for label, number in sorted(counts.items())]
    return _with_caption(scaled, legend, _told(true))


def draw_pixels(
    picture: np.ndarray,
    predicted: Mapping[str, Mask],
    true: Mapping[str, Mask] | None,
    colours: Mapping[str, Colour],
    longest: int = LONGEST,
) -> np.ndarray:
    """Lay the label of each pixel over the picture; what is true stands to the left of it.

    Args:
        true: None where nobody has said it.
        longest: the longer side of the picture, in pixels, at most.
    """
    scaled, _ = to_size(picture, longest)
    sides = (
        [("predicted", predicted)] if true is None else [("true", true), ("predicted", predicted)]
    )
    drawn = []
    for name, masks in sides:
        side = scaled.copy()
        for label, mask in masks.items():
            if label not in (BACKGROUND, IGNORED):
                fill(side, pixels_at(mask, side), colours[label], _SURFACE)
        around = (0.0, 0.0, float(side.shape[1]), float(side.shape[0]))
        write_tags(side, [Tag(name, _PAPER, around)], letter_size(side))
        drawn += [side, np.full((side.shape[0], 4, 3), _PAPER, np.uint8)]
    labels = {label for _, masks in sides for label in masks} - {BACKGROUND, IGNORED}
    legend = [(label, colours[label]) for label in sorted(labels)]
    return _with_caption(np.hstack(drawn[:-1]), legend, None, begins="")


def draw_label(
    picture: np.ndarray,
    predicted: str,
    probability: float | None,
    true: str | None,
    longest: int = LONGEST,
) -> np.ndarray:
    """Write the label of the whole picture below it: green where it is right, red where not.

    Args:
        true: None where nobody has said it.
        longest: the longer side of the picture, in pixels, at most.
    """
    scaled, _ = to_size(picture, longest)
    told = predicted if probability is None else f"{predicted} {probability:.2f}"
    if true is None:
        return _with_caption(scaled, [(told, None)], None)
    colour = _RIGHT if true == predicted else _WRONG
    return _with_caption(scaled, [(told, colour)], f"true: {true}")


def _colour(place: int) -> Colour:
    """Return one of ten colours; beyond these, hues that are far from the last ones."""
    if place < len(_COLOURS):
        return _COLOURS[place]
    red, green, blue = colorsys.hsv_to_rgb(place * 0.618034 % 1, 0.55 + 0.4 * (place % 2), 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)


def _words(shown: Shown) -> str:
    score = f" {shown.thing.score:.2f}" if shown.has_score else ""
    return f"{shown.thing.label}{score}{f' {shown.note}' if shown.note else ''}"


def _told(true: Sequence[Shown] | None) -> str | None:
    """Say what is true, for the caption."""
    if true is None:
        return None
    counts = Counter(each.thing.label for each in true)
    said = ", ".join(f"{label} {number}" for label, number in sorted(counts.items()))
    return f"true (dashed): {said}" if said else "true: nothing"


def _with_caption(
    picture: np.ndarray,
    legend: Sequence[tuple[str, Colour | None]],
    true: str | None,
    begins: str = "predicted:",
) -> np.ndarray:
    """Put a strip below the picture: the legend, in as many lines as it needs, and what is true.

    Args:
        begins: stands before the legend.
    """
    legend = legend or [("nothing", None)]
    if begins:
        legend = [(begins, None), *legend]
    size, width = letter_size(picture), picture.shape[1]
    edge, high = size // 2, round(size * 1.6)
    lines: list[list[tuple[int, str, Colour | None]]] = [[]]
    x = edge
    for text, colour in legend:
        mark = size + edge // 2 if colour is not None else 0
        said = shortened(text, size, width - 2 * edge - mark)
        wide = mark + width_of(said, size) + size
        if lines[-1] and x + wide - size > width - edge:
            lines.append([])
            x = edge
        lines[-1].append((x, said, colour))
        x += wide
    if true is not None:
        lines.append([(edge, shortened(true, size, width - 2 * edge), None)])
    strip = np.full((high * len(lines) + edge, width, 3), _PAPER, np.uint8)
    for number, line in enumerate(lines):
        base = edge // 2 + high * number + round(size * 1.15)
        for x, text, colour in line:
            mark = 0
            if colour is not None:
                cv2.rectangle(strip, (x, base - size + 2), (x + size - 2, base), colour, -1)
                mark = size + edge // 2
            write(strip, text, x + mark, base, size, _INK)
    return np.vstack([picture, strip])
