"""Finds what a gate holds a run against: earlier runs on the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.training.scoring.gate import (
    Rival,
    Verdict,
    best_earlier,
    check_equal,
    judge,
    read_result,
    read_results,
)
from vidset.training.scoring.noise import difference_interval, scores_of
from vidset.training.scoring.run import Run, read_run
from vidset.training.scoring.sides import evaluation_paths, predictions_on, scored

BEST = "best"


@dataclass(frozen=True, slots=True)
class Gate:
    """The score that a result must reach; `best` looks for earlier ones in `runs`."""

    floor: float | None
    no_worse_than: tuple[str, ...]
    tolerance: float
    runs: Path

    @property
    def is_set(self) -> bool:
        return self.floor is not None or bool(self.no_worse_than)


def judge_run(gate: Gate, run: Run, result: Mapping[str, Any], others: Sequence[Run]) -> Verdict:
    """Judge a run's result by a gate.

    Args:
        others: the runs that the gate names.

    Raises:
        UnequalError: one of them is of another model or on other images.
        DatasetError: one of them was not evaluated on the split.
    """
    for other in others:
        check_equal(result, _result_of(other, result))
    groups = [[other] for other in others]
    if BEST in gate.no_worse_than:
        kept = list(read_results(gate.runs))
        best = best_earlier([each for _, each in kept], result)
        ids = {each["run_id"] for each in best}
        folders = {folder for folder, each in kept if each["run_id"] in ids}
        groups += [[read_run(folder) for folder in sorted(folders)]] if best else []
    return judge(
        result, gate.floor, [_rival(run, group, result) for group in groups], gate.tolerance
    )


def _rival(run: Run, others: list[Run], result: Mapping[str, Any]) -> Rival:
    own, theirs = (
        scored(
            runs,
            [[predictions_on(one, result["split"], result["evaluation_id"])[0]] for one in runs],
        )
        for runs in ([run], others)
    )
    seeds = ", ".join(str(one.seed) for one in others)
    version = others[0].details.get("reference") or others[0].version[:12]
    difference = difference_interval(theirs, own, np.random.default_rng(0))
    return Rival(
        name=f"{version} (seed{'s' if len(others) > 1 else ''} {seeds})",
        score=float(scores_of(theirs).mean()),
        difference=difference,
    )


def _result_of(run: Run, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return another run's evaluation on the same images, else any of the split, to be refused."""
    split = wanted["split"]
    path = evaluation_paths(run, split, wanted["evaluation_id"])[0]
    if not path.exists():
        other = sorted((run.folder / "evaluations").glob(f"{split}-*.json"))
        if not other:
            raise DatasetError(
                f"run {run.folder} has no evaluation on {split}: vidset evaluate {run.folder} first"
            )
        path = other[0]
    return read_result(path)
