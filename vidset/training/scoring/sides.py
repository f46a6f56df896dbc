"""The two sides of a comparison: runs of several seeds, on the same model and the same images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError, UnequalError
from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.average_precision import Precisions, rank
from vidset.training.scoring.comparing import FEWEST_SEEDS
from vidset.training.scoring.gate import read_result
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.noise import Scored, Shares
from vidset.training.scoring.pixels import MeanIous, count_pixels
from vidset.training.scoring.predictions import read_predictions
from vidset.training.scoring.run import Run


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Runs of one dataset version, by seed, and how they score.

    Attributes:
        images: (origin, image_uri) of each.
        best: their scores at the best epoch: accuracy, AP50 of a detector, or the mean
            IoU of a segmentation.
        last: their mean scores over the last five epochs; None where predictions are of another
            version's images, made after training.
    """

    runs: tuple[Run, ...]
    images: list[tuple[str, str]]
    best: Scored
    last: Scored | None


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, on images of one evaluation id, in the same order."""

    baseline: Side
    candidate: Side
    split: str
    evaluation_id: str
    recipe_hash: str


def read_sides(
    baseline: Sequence[Run], candidate: Sequence[Run], split: str | None, *, allow_few: bool
) -> Sides:
    """Read and check both sides.

    Args:
        split: the first of the runs, unless told.
        allow_few: take fewer than three seeds a side, from which nothing can be concluded.

    Raises:
        UnequalError: recipe hashes or evaluation ids differ, or a side is of several versions.
        DatasetError: there are too few seeds, a run stands on both sides or twice, or predictions
            are missing.
    """
    runs = (*baseline, *candidate)
    _check_runs(baseline, candidate, allow_few=allow_few)
    for run in runs:
        if run.recipe_hash != runs[0].recipe_hash:
            raise UnequalError(
                f"{runs[0].folder} and {run.folder} are of other fixed models: recipe_hash "
                f"{runs[0].recipe_hash} and {run.recipe_hash}"
            )
    split = split or runs[0].splits[0]
    evaluation_id = _common_evaluation(runs, split)
    one, other = (_read_side(side, split, evaluation_id) for side in (baseline, candidate))
    if one.images != other.images:
        raise UnequalError(f"{split}: the two sides' predictions are of other images")
    return Sides(one, other, split, evaluation_id, runs[0].recipe_hash)


def evaluation_paths(run: Run, split: str, evaluation_id: str) -> tuple[Path, Path]:
    """Return where `vidset evaluate --on` keeps a result and its predictions."""
    name = f"{split}-{evaluation_id[:8]}"
    folder = run.folder / "evaluations"
    return folder / f"{name}.json", folder / f"{name}.parquet"


def _read_side(runs: Sequence[Run], split: str, evaluation_id: str) -> Side:
    ordered = tuple(sorted(runs, key=lambda run: run.seed))
    images: list[tuple[str, str]] = []
    best: list[list[pa.Table]] = []
    last: list[list[pa.Table]] = []
    for run in ordered:
        table, later = predictions_on(run, split, evaluation_id)
        images = images or _names(table)
        if any(_names(each) != images for each in (table, *later)):
            raise UnequalError(f"{run.folder}: its predictions of {split} are of other images")
        best.append([table])
        last.append(later)
    means = scored(ordered, last) if all(last) else None
    return Side(ordered, images, scored(ordered, best), means)


def scored(runs: Sequence[Run], tables: Sequence[Sequence[pa.Table]]) -> Scored:
    """Return the scores of runs, each by its predictions of one or several epochs."""
    if runs[0].is_segmentation:
        counted = [
            [count_pixels(each, run.classes) for each in several]
            for run, several in zip(runs, tables, strict=True)
        ]
        return MeanIous(counted, tables[0][0].num_rows)
    if not runs[0].is_detection:
        return Shares(
            np.array(
                [
                    np.mean([read_answers(each, run.classes).is_right for each in several], axis=0)
                    for run, several in zip(runs, tables, strict=True)
                ]
            )
        )
    epochs = [
        [
            (run.classes, read_things(each, "truth"), read_things(each, "predicted"))
            for each in several
        ]
        for run, several in zip(runs, tables, strict=True)
    ]
    # A label that one side was never taught counts for both: its objects are there to be found.
    true = {thing.label for image in epochs[0][0][1] for thing in image}
    ranked = [
        [rank(truths, found, sorted({*classes, *true})) for classes, truths, found in several]
        for several in epochs
    ]
    return Precisions(ranked, len(epochs[0][0][1]))


def _check_runs(baseline: Sequence[Run], candidate: Sequence[Run], *, allow_few: bool) -> None:
    for name, side in (("baseline", baseline), ("candidate", candidate)):
        seeds = [run.seed for run in side]
        if len(set(seeds)) < len(seeds):
            raise DatasetError(f"the {name}: wanted a run of each seed once, got seeds {seeds}")
        if not side or (len(side) < FEWEST_SEEDS and not allow_few):
            raise DatasetError(
                f"the {name}: wanted runs of {FEWEST_SEEDS} seeds at least, got {len(side)}"
                " (--allow-few compares them all the same, and concludes nothing)"
            )
        versions = {run.version: run for run in side}
        if len(versions) > 1:
            one, other = list(versions.values())[:2]
            raise UnequalError(
                f"the {name}: {one.folder} and {other.folder} were trained on other versions, "
                f"{one.version[:12]} and {other.version[:12]}"
            )
    twice = {run.run_id for run in baseline} & {run.run_id for run in candidate}
    if twice:
        raise DatasetError(f"wanted other runs on each side, {sorted(twice)[0][:12]} is on both")


def _common_evaluation(runs: Sequence[Run], split: str) -> str:
    """The evaluation id that all runs have a result on: their own split's where that is one; of
    several the baseline's own, else the candidate's.
    """
    own = [run.evaluation_ids.get(split) for run in runs]
    if own[0] is not None and all(each == own[0] for each in own):
        return own[0]
    known = [_evaluations(run, split) for run in runs]
    common = set.intersection(*known)
    # Each side may have been evaluated on the other's images: the baseline's were there first.
    for id_ in (*own, *sorted(common)):
        if id_ is not None and id_ in common:
            return id_
    one, other = (
        runs[0],
        next((run for run, ids in zip(runs, known, strict=True) if ids != known[0]), runs[-1]),
    )
    raise UnequalError(
        f"{one.folder} and {other.folder} were evaluated on other images of {split}: evaluation_id "
        f"{_shown(_evaluations(one, split))} and {_shown(_evaluations(other, split))}; "
        "vidset evaluate RUN --on VERSION evaluates each run on the same ones"
    )


def _evaluations(run: Run, split: str) -> set[str]:
    found = {run.evaluation_ids[split]} if split in run.evaluation_ids else set()
    for path in (run.folder / "evaluations").glob("*.json"):
        if path.with_suffix(".parquet").exists():
            result = read_result(path)
            found |= {result["evaluation_id"]} if result["split"] == split else set()
    return found


def _shown(ids: set[str]) -> str:
    return ", ".join(sorted(ids)) or "none"


def predictions_on(run: Run, split: str, evaluation_id: str) -> tuple[pa.Table, list[pa.Table]]:
    """Return a run's predictions for the images of an evaluation id: at the best epoch, and of the
    last five epochs; none of these where the images are another version's.
    """
    if run.evaluation_ids.get(split) == evaluation_id:
        last = [run.predictions(split, epoch) for epoch in run.last_epochs]
        return run.predictions(split, run.best_epoch), last
    return read_predictions(evaluation_paths(run, split, evaluation_id)[1]), []


def _names(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table["origin"].to_pylist(), table["image_uri"].to_pylist(), strict=True))
