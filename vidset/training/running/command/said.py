"""Reads what a line of a program's predictions says of one image, by the task of its model."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.formats.map_pictures import read_map
from vidset.masks import Mask
from vidset.outlines import Points, filled
from vidset.regular_files import read_regular
from vidset.storage.writing import refuse_link
from vidset.training.models.boxes import LabeledBox, boxes_of, boxes_to_json
from vidset.training.models.commands import CommandModel
from vidset.training.models.label_planes import true_masks
from vidset.training.models.truths import mask_document, masks_of
from vidset.training.running.command.data import numbers_of
from vidset.training.scoring.pixels import masks_to_json

Reader = Callable[[Mapping[str, Any], Entry, Sequence[str], str], dict[str, Any]]
"""Takes a line, its image, the classes and the line's place; returns columns of predictions."""

_MOST_BYTES_A_MAP = 1 << 28
_FEWEST_NUMBERS, _FARTHEST = 6, 1e6
_WIDEST_SUM = 1e-3  # Of how far probabilities that are single-precision numbers may miss 1.


def reader_of(model: CommandModel, label_maps: Path) -> Reader:
    """Return what reads the lines of such a model's predictions.

    Args:
        label_maps: the folder for its label maps, if it labels pixels.
    """
    if model.task == "classification":
        return _read_classes
    if model.task == "segmentation":
        return partial(_read_pixels, folder=label_maps)
    return _read_masks if model.masks else _read_boxes


def _read_classes(
    said: Mapping[str, Any], entry: Entry, classes: Sequence[str], place: str
) -> dict[str, Any]:
    given = said.get("probabilities")
    if not isinstance(given, dict) or not given:
        raise DatasetError(
            f"{place}: probabilities: wanted an object with one for each class, got {short(given)}"
        )
    for label in given:
        if label not in classes:
            known = ", ".join(classes)
            raise DatasetError(
                f"{place}: probabilities: {short(label)} is none of the classes: {known}"
            )
    row = [_number(given.get(label, 0), f"{place}: probabilities: {label}") for label in classes]
    if min(row) < 0 or abs(sum(row) - 1) > _WIDEST_SUM:
        raise DatasetError(
            f"{place}: probabilities: wanted numbers of at least 0 that add up to 1, got "
            f"{json.dumps(given)[:100]}"
        )
    return {
        "truth": entry.label,
        "predicted": classes[int(np.argmax(row))],
        "probabilities": row,
    }


def _read_boxes(
    said: Mapping[str, Any], entry: Entry, classes: Sequence[str], place: str
) -> dict[str, Any]:
    found = [
        _read_box(each, entry, classes, f"{place}: objects[{number}]")
        for number, each in enumerate(_objects(said, place))
    ]
    return {
        "truth": boxes_to_json(boxes_of(entry)),
        "predicted": boxes_to_json(found),
        "probabilities": None,
    }


def _read_masks(
    said: Mapping[str, Any], entry: Entry, classes: Sequence[str], place: str
) -> dict[str, Any]:
    found = [
        _read_mask(each, entry, classes, f"{place}: objects[{number}]")
        for number, each in enumerate(_objects(said, place))
    ]
    return {
        "truth": to_json([mask_document(*each) for each in masks_of(entry)]),
        "predicted": to_json(found),
        "probabilities": None,
    }


def _read_mask(said: Any, entry: Entry, classes: Sequence[str], place: str) -> dict[str, Any]:
    """Read an object with COCO's `segmentation`: its box is the one around its pixels."""
    if not isinstance(said, dict) or "segmentation" not in said:
        raise DatasetError(
            f"{place}: wanted an object with label, score and segmentation, got {short(said)}"
        )
    label, score = _label_and_score(said, classes, place)
    given, where = said["segmentation"], f"{place}: segmentation"
    try:
        if isinstance(given, dict):
            mask = Mask.from_document(given)
        else:
            rings = _rings(given, where)
            mask = Mask.of(filled(rings, entry.width, entry.height))
    except ValueError as error:
        raise DatasetError(f"{where}: {error}") from None
    if (mask.width, mask.height) != (entry.width, entry.height):
        raise DatasetError(
            f"{where}: wanted a mask of {entry.width} x {entry.height} pixels, "
            f"got {mask.width} x {mask.height}"
        )
    if mask.bounds is None:
        raise DatasetError(f"{where}: wanted at least one pixel in the image, got none")
    return {**mask_document(label, mask), "score": score}


def _rings(given: Any, place: str) -> list[tuple[Points, bool]]:
    """Read COCO's polygons: lists of x, y, x, y, ..., which together are one object."""
    if not isinstance(given, list) or not given:
        raise DatasetError(
            f"{place}: wanted polygons or a mask of size and counts, got {short(given)}"
        )
    found = []
    for number, each in enumerate(given):
        if not isinstance(each, list) or len(each) < _FEWEST_NUMBERS or len(each) % 2:
            raise DatasetError(
                f"{place}[{number}]: wanted x and y of three corners or more, got {short(each)}"
            )
        numbers = [_number(value, f"{place}[{number}]") for value in each]
        if max(map(abs, numbers)) > _FARTHEST:
            raise DatasetError(f"{place}[{number}]: wanted corners near the image")
        found.append((tuple(zip(numbers[::2], numbers[1::2], strict=True)), False))
    return found


def _read_pixels(
    said: Mapping[str, Any], entry: Entry, classes: Sequence[str], place: str, *, folder: Path
) -> dict[str, Any]:
    name = said.get("label_map")
    if not isinstance(name, str) or Path(name).name != name:
        raise DatasetError(
            f"{place}: label_map: wanted the name of a PNG file in the folder of label maps, "
            f"got {short(name)}"
        )
    file = folder / name
    try:
        refuse_link(file)
        numbers = read_map(read_regular(file, _MOST_BYTES_A_MAP), str(file))
    except OSError as error:
        raise DatasetError(
            f"{place}: label_map: {name}: wanted a PNG: {error.strerror or error}"
        ) from None
    except ValueError as error:
        raise DatasetError(f"{place}: label_map: {error}") from None
    if numbers.shape != (entry.height, entry.width):
        raise DatasetError(
            f"{place}: label_map: {name}: wanted {entry.width} x {entry.height} numbers, got an "
            f"array of shape {numbers.shape}"
        )
    known = {number: label for label, number in numbers_of(classes).items()}
    there = np.unique(numbers).tolist()
    if others := [each for each in there if each not in known]:
        raise DatasetError(
            f"{place}: label_map: {name}: wanted numbers of classes, 0 to {max(known)}, "
            f"got {others[0]}"
        )
    masks = {known[each]: Mask.of(numbers == each) for each in there if known[each] in classes}
    return {
        "truth": masks_to_json(true_masks(entry)),
        "predicted": masks_to_json(masks),
        "probabilities": None,
    }


def _objects(said: Mapping[str, Any], place: str) -> list[Any]:
    given = said.get("objects")
    if not isinstance(given, list):
        raise DatasetError(
            f"{place}: objects: wanted a list, empty for nothing, got {short(given)}"
        )
    return given


def _label_and_score(
    said: Mapping[str, Any], classes: Sequence[str], place: str
) -> tuple[str, float]:
    label = said.get("label")
    if label not in classes:
        known = ", ".join(classes)
        raise DatasetError(f"{place}: label: {short(label)} is none of the classes: {known}")
    score = _number(said.get("score"), f"{place}: score")
    if not 0 <= score <= 1:
        raise DatasetError(f"{place}: score: wanted 0 to 1, got {score}")
    return str(label), round(score, 6)


def _read_box(said: Any, entry: Entry, classes: Sequence[str], place: str) -> LabeledBox:
    """Read a box and cut it at the image's edges."""
    if not isinstance(said, dict) or not isinstance(said.get("box"), dict):
        raise DatasetError(
            f"{place}: wanted an object with label, score and box, got {short(said)}"
        )
    label, score = _label_and_score(said, classes, place)
    box = said["box"]
    x, y, width, height = (
        _number(box.get(name), f"{place}: box: {name}") for name in ("x", "y", "width", "height")
    )
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + width, float(entry.width)), min(y + height, float(entry.height))
    if right <= left or bottom <= top:
        raise DatasetError(
            f"{place}: box: wanted one with an area in the image of {entry.width} x {entry.height} "
            f"pixels, got {json.dumps(box)[:100]}"
        )
    edges = (left, top, right - left, bottom - top)
    return LabeledBox(label, *(round(each, 2) for each in edges), score=score)


def short(value: Any) -> str:
    """Return what was there, in a message that stays readable: a line may have megabytes."""
    return repr(value)[:100]


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DatasetError(f"{place}: wanted a number, got {short(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DatasetError(f"{place}: wanted a number, got {str(value)[:100]}")
    return number
