"""Training runs, their epochs, scores and predictions as rows of the warehouse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.json_files import parse_json, read_object
from vidset.lineage.version_rows import Row, time_in
from vidset.regular_files import read_regular
from vidset.training.scoring.evaluation import MEASURES, right_images
from vidset.training.scoring.gate import read_result
from vidset.training.scoring.intervals import wilson
from vidset.training.scoring.predictions import read_predictions
from vidset.training.scoring.run import Run

_MOST_HISTORY_BYTES = 64 << 20
_RUN = (
    *("run_id", "version", "model", "recipe_hash", "seed", "epochs", "splits", "classes"),
    *("train_images", "best_epoch", "state"),
)


def run_row(path: Path) -> Row:
    """Return the row of `runs` for a run.json.

    Raises:
        DatasetError: it is none.
    """
    run = read_object(path, "a run", DatasetError)
    try:
        wrote = run.get("versions") or {}
        return {
            **{name: run[name] for name in _RUN},
            "run": path.parent.name,
            "created_at": time_in(run["created_at"]),
            "vidset_version": wrote.get("vidset"),
            "torch_version": wrote.get("torch"),
            "changed_at": changed_at(path),
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{path}: wanted a run, it has no usable {error}") from None


def epoch_rows(path: Path, run_id: str) -> Iterator[Row]:
    """Yield the rows of `epochs` for a history.jsonl: one for each epoch, split and score.

    Raises:
        DatasetError: a line of it is no epoch.
    """
    written = changed_at(path)
    for number, line in enumerate(read_regular(path, _MOST_HISTORY_BYTES).splitlines(), 1):
        where = f"{path}, line {number}"
        epoch = parse_json(line, where, "an epoch", DatasetError)
        try:
            for split, scores in epoch["scores"].items():
                for name, score in scores.items():
                    yield {
                        "run_id": run_id,
                        "epoch": epoch["epoch"],
                        "split": split,
                        "score_name": name,
                        "score": score,
                        "train_loss": epoch["train_loss"],
                        "seconds": epoch["seconds"],
                        "changed_at": written,
                    }
        except (KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{where}: wanted an epoch, it has no usable {error}") from None


def score_row(result: dict[str, Any], path: Path) -> Row:
    """Return the row of `scores` for a result of an evaluation, as `read_result` gives it."""
    [score_name] = [name for name in MEASURES.values() if name in result]
    right = result["exact"] if "exact" in result else result["right"]
    # The result's own interval is of its score, which of a segmentation is no share of images.
    low, high = wilson(right, result["images"])
    return {
        "run_id": result["run_id"],
        "evaluation_id": result["evaluation_id"],
        "split": result["split"],
        "evaluated_on": result["version"],
        "version": result["trained_on"],
        "recipe_hash": result["recipe_hash"],
        "seed": result["seed"],
        "epoch": result["epoch"],
        "score_name": score_name,
        "score": result["score"],
        "images": result["images"],
        "right_images": right,
        "right_low": low,
        "right_high": high,
        "last_five_mean": result.get("last_five_mean"),
        "evaluated_at": changed_at(path),
    }


def slice_rows(result: dict[str, Any], path: Path) -> Iterator[Row]:
    """Yield the rows of `slices` for a result of an evaluation."""
    for each in result["slices"]:
        low, high = each["interval"]
        yield {
            "run_id": result["run_id"],
            "evaluation_id": result["evaluation_id"],
            "split": result["split"],
            "slice_by": each["by"],
            "slice_value": each["value"],
            "images": each["images"],
            "right_images": each["right"],
            "low": low,
            "high": high,
            "evaluated_at": changed_at(path),
        }


def read_evaluation(path: Path) -> tuple[Row, list[Row]]:
    """Return the row of `scores` and those of `slices` for an evaluation's file.

    Raises:
        DatasetError: it is none.
    """
    result = read_result(path)
    try:
        return score_row(result, path), list(slice_rows(result, path))
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: wanted an evaluation, it has no usable {error}") from None


def prediction_rows(run: Run, path: Path, split: str, evaluation_id: str) -> Iterator[Row]:
    """Yield the rows of `run_predictions` for a file of predictions by the run's best epoch.

    Raises:
        DatasetError: it is no table of predictions, or not by this run.
    """
    written, table = changed_at(path), read_predictions(path)
    is_right = right_images(run, table)
    for number, row in enumerate(_rows(table)):
        probabilities = row.pop("probabilities")
        yield {
            **row,
            "run_id": run.run_id,
            "evaluation_id": evaluation_id,
            "split": split,
            "epoch": run.best_epoch,
            "confidence": max(probabilities) if probabilities else None,
            "is_right": bool(is_right[number]),
            "changed_at": written,
        }


def changed_at(path: Path) -> datetime:
    """Return when a file was written last."""
    return datetime.fromtimestamp(path.stat().st_mtime_ns // 1000 / 1_000_000, UTC)


def _rows(table: pa.Table) -> Iterator[Row]:
    for batch in table.to_batches(max_chunksize=1_000):
        yield from batch.to_pylist()
