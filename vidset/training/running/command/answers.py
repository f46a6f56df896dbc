"""Reads the predictions that a model's program has written: a line of JSON for each image."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.json_files import parse_json
from vidset.regular_files import open_regular
from vidset.storage.writing import refuse_link
from vidset.training.models.commands import CommandModel
from vidset.training.running.command.said import reader_of, short
from vidset.training.scoring.predictions import SCHEMA

_MOST_BYTES_A_LINE = 16 << 20


def read_answers_of(
    path: Path,
    images: Mapping[str, Entry],
    classes: Sequence[str],
    model: CommandModel,
    label_maps: Path,
) -> pa.Table:
    """Read a program's predictions as a table of vidset.training.scoring.predictions.

    Args:
        images: the images that it was asked about, by the name of the file that it got.
        label_maps: the folder for its label maps, if it labels pixels.

    Raises:
        DatasetError: an image has no prediction or two, or a line is not as the contract says; with
            the line's number.
    """
    read = reader_of(model, label_maps)
    rows: dict[str, dict[str, Any]] = {}
    for place, said in _lines(path):
        name = said.get("image")
        if not isinstance(name, str) or name not in images:
            raise DatasetError(f"{place}: image: wanted one of those to predict, got {short(name)}")
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


def score_answers_of(
    table: pa.Table, classes: Sequence[str], model: CommandModel
) -> dict[str, float | None]:
    """Return a split's scores as the training loop does: the task's score first."""
    if model.task == "classification":
        from vidset.training.scoring.answers import read_answers

        answers = read_answers(table, classes)
        is_known = answers.truth < len(classes)
        losses = answers.losses[is_known]
        loss = float(losses.mean()) if len(losses) else None
        return {"accuracy": float(answers.is_right.mean()), "loss": loss}
    if model.task == "segmentation":
        from vidset.training.scoring.pixels import count_pixels
        from vidset.training.scoring.segmentation import headline_scores

        return headline_scores(count_pixels(table, classes))
    from vidset.training.scoring.detection import average_precision, masked_scores
    from vidset.training.scoring.matching import read_things

    truths, found = read_things(table, "truth"), read_things(table, "predicted")
    if model.masks:
        return masked_scores(truths, found, classes)
    scores = average_precision(truths, found, classes)
    return {"ap50": scores["ap50"], "ap": scores["ap"]}


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
