"""Forgets images in training runs: predictions, slices by video, and folders of errors.

Weights stay: what a network has learned of an image cannot be taken out again. The receipt names
the runs, so that a person decides whether they are trained anew.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.rows import rows_without
from vidset.forgetting.step import Work, counted
from vidset.parquet import read_parquet
from vidset.regular_files import read_regular
from vidset.storage.writing import remove_tree, write_atomically
from vidset.training.scoring.gate import read_result
from vidset.training.scoring.predictions import to_parquet


def forget_predictions(work: Work) -> dict[str, int]:
    """Take the images out of all predictions, and slices of their videos out of results."""
    rows = slices = 0
    for folder in work.records.runs:
        for path in _tables(folder):
            rows += _without_rows(path, work)
        for path in sorted(folder.glob("evaluations/*.json")):
            slices += _without_slices(path, work)
    return counted(predictions=rows, slices=slices)


def forget_errors(work: Work) -> dict[str, int]:
    """Delete the folders of vidset errors that show the images: vidset errors makes them again."""
    if not work.records.project.is_folder:
        return {}
    number, errors = 0, Path(work.place, "errors")
    for path in sorted([*errors.glob("errors.json"), *errors.glob("*/errors.json")]):
        text = read_regular(path).decode(errors="replace")
        if any(each in text for each in (*work.journal.hashes, *work.journal.names)):
            number += 1
            if not work.is_dry:
                remove_tree(path.parent)
    return counted(folders_of_errors=number)


def _tables(run: Path) -> Iterator[Path]:
    yield from sorted(run.glob("predictions/*/*.parquet"))
    yield from sorted(run.glob("evaluations/*.parquet"))


def _without_rows(path: Path, work: Work) -> int:
    try:
        table = read_parquet(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{path}: wanted predictions, it cannot be read: {error}") from None
    left = table
    for column in "image_sha256", "origin":
        left = rows_without(left, column, work.journal.hashes)
    number = table.num_rows - left.num_rows
    if number and not work.is_dry:
        if left.num_rows:
            write_atomically(path, to_parquet(left))
        else:
            path.unlink()
    return number


def _without_slices(path: Path, work: Work) -> int:
    result = read_result(path)
    slices = result.get("slices") or []
    kept = [
        each
        for each in slices
        if not (each.get("by") == "video" and each.get("value") in work.journal.names)
    ]
    number = len(slices) - len(kept)
    if number and not work.is_dry:
        text = json.dumps({**result, "slices": kept}, indent=1, ensure_ascii=False)
        write_atomically(path, text)
    return number
