"""Reads the predictions that a model's program has written: a line of JSON for each image."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.json_files import parse_json
from vidset.regular_files import open_regular
from vidset.storage.writing import refuse_link
from vidset.training.models.boxes import LabeledBox, boxes_of, boxes_to_json
from vidset.training.scoring.predictions import SCHEMA

_MOST_BYTES_A_LINE = 16 << 20
_WIDEST_SUM = 1e-3  # Of how far probabilities that are single-precision numbers may miss 1.


def read_answers_of(
    path: Path, images: Mapping[str, Entry], classes: Sequence[str], task: str
) -> pa.Table:
    """Read a program's predictions as a table of vidset.training.scoring.predictions.

    Args:
        images: the images that it was asked about, by the name of the file that it got.

    Raises:
        DatasetError: an image has no prediction or two, or a line is not as the contract says; with
            the line's number.
    """
    read = _read_classes if task == "classification" else _read_boxes
    rows: dict[str, dict[str, Any]] = {}
    for place, said in _lines(path):
        name = said.get("image")
        if not isinstance(name, str) or name not in images:
            raise DatasetError(
                f"{place}: image: wanted one of those to predict, got {_short(name)}"
            )
        if name in rows:
            raise DatasetError(f"{place}: {name} was predicted before")
        entry = images[name]
        rows[name] = {
            "image_sha256": entry.image_sha256,
            "image_uri": entry.image_uri,
            "origin": entry.origin,
            **read(said, entry, classes, place),
        }
    missing = [name for name in images if name not in rows]
    if missing:
        raise DatasetError(
            f"{path}: {len(missing)} of {len(images)} images have no prediction, {missing[0]} first"
        )
    return pa.Table.from_pylist([rows[name] for name in images], SCHEMA)


def score_answers_of(table: pa.Table, classes: Sequence[str], task: str) -> dict[str, float | None]:
    """Return a split's scores as the training loop does: the task's score first."""
    if task == "classification":
        from vidset.training.scoring.answers import read_answers

        answers = read_answers(table, classes)
        is_known = answers.truth < len(classes)
        losses = answers.losses[is_known]
        loss = float(losses.mean()) if len(losses) else None
        return {"accuracy": float(answers.is_right.mean()), "loss": loss}
    from vidset.training.scoring.detection import average_precision
    from vidset.training.scoring.matching import read_things

    found = average_precision(read_things(table, "truth"), read_things(table, "predicted"), classes)
    return {"ap50": found["ap50"], "ap": found["ap"]}


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each line's place and object. A line is read alone: memory does not grow with them."""
    refuse_link(path)
    try:
        file = open_regular(path)
    except OSError as error:
        raise DatasetError(
            f"{path}: wanted the predictions of the model's program: {error.strerror}"
        ) from None
    with file:
        number = 0
        while line := file.readline(_MOST_BYTES_A_LINE):
            number += 1
            place = f"{path}:{number}"
            if not line.strip():
                continue
            said = parse_json(line, place, "a prediction", DatasetError)
            if not isinstance(said, dict):
                raise DatasetError(f"{place}: wanted an object, got {type(said).__name__}")
            yield place, said


def _read_classes(
    said: Mapping[str, Any], entry: Entry, classes: Sequence[str], place: str
) -> dict[str, Any]:
    given = said.get("probabilities")
    if not isinstance(given, dict) or not given:
        raise DatasetError(
            f"{place}: probabilities: wanted an object with one for each class, got {_short(given)}"
        )
    for label in given:
        if label not in classes:
            known = ", ".join(classes)
            raise DatasetError(
                f"{place}: probabilities: {_short(label)} is none of the classes: {known}"
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
    given = said.get("objects")
    if not isinstance(given, list):
        raise DatasetError(
            f"{place}: objects: wanted a list, empty for nothing, got {_short(given)}"
        )
    found = [
        _read_box(each, entry, classes, f"{place}: objects[{number}]")
        for number, each in enumerate(given)
    ]
    return {
        "truth": boxes_to_json(boxes_of(entry)),
        "predicted": boxes_to_json(found),
        "probabilities": None,
    }


def _read_box(said: Any, entry: Entry, classes: Sequence[str], place: str) -> LabeledBox:
    """Read a box and cut it at the image's edges."""
    if not isinstance(said, dict) or not isinstance(said.get("box"), dict):
        raise DatasetError(
            f"{place}: wanted an object with label, score and box, got {_short(said)}"
        )
    label, box = said.get("label"), said["box"]
    if label not in classes:
        known = ", ".join(classes)
        raise DatasetError(f"{place}: label: {_short(label)} is none of the classes: {known}")
    score = _number(said.get("score"), f"{place}: score")
    if not 0 <= score <= 1:
        raise DatasetError(f"{place}: score: wanted 0 to 1, got {score}")
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
    return LabeledBox(str(label), *(round(each, 2) for each in edges), score=round(score, 6))


def _short(value: Any) -> str:
    """Return what was there, in a message that stays readable: a line may have megabytes."""
    return repr(value)[:100]


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DatasetError(f"{place}: wanted a number, got {_short(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DatasetError(f"{place}: wanted a number, got {str(value)[:100]}")
    return number
