"""Runs side by side: each one's score with its interval, and whether one version beats another."""

from pathlib import Path
from typing import Any

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.project import Project
from vidset.training.scoring.evaluation import MEASURES
from vidset.training.scoring.noise import LEVEL, scores_of
from vidset.training.scoring.run import read_run
from vidset.training.scoring.runs import Runs
from vidset.training.scoring.sides import read_sides, scored
from vidset.training.scoring.verdict import compare

_DRAWS = 400


class RunScores:
    """Scores of the runs of one place. What an ended run scored is computed once."""

    def __init__(self, project: Project):
        self._project = project
        self._known: dict[tuple[str, str, int], dict[str, Any] | None] = {}

    def with_scores(self, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add to each described run its `score` on the split that chose its best epoch.

        It has a measure, a value, the number of images, and the interval that a bootstrap of these
        images gives; it is None where the run has not ended or its predictions cannot be read.
        """
        return [{**run, "score": self._score(run)} for run in runs]

    def _score(self, run: dict[str, Any]) -> dict[str, Any] | None:
        if run["state"] != "done" or not run["splits"]:
            return None
        key = run["run"], str(run["created_at"]), int(run["best_epoch"] or 0)
        if key not in self._known:
            try:
                self._known[key] = _score_of(self._runs().root / run["run"])
            except (DatasetError, OSError, ValueError, KeyError):
                self._known[key] = None  # The confusion matrix of this run says why.
        return self._known[key]

    def compare(self, baseline: str, candidate: str) -> dict[str, Any]:
        """Compare all runs of two versions, as `vidset compare` does, on however few seeds.

        Raises:
            DatasetError: there is no such version, it has no runs, or they cannot be compared.
        """
        runs, repository = self._runs(), Repository(Path(self._project.place, "datasets"))
        sides = (runs.of_version(repository.resolve(each)) for each in (baseline, candidate))
        one, other = sides
        return compare(read_sides(one, other, None, allow_few=True))

    def _runs(self) -> Runs:
        return Runs(Path(self._project.place, "runs"))


def _score_of(folder: Path) -> dict[str, Any]:
    run = read_run(folder)
    split = run.splits[0]
    side = scored([run], [[run.predictions(split, run.best_epoch)]])
    random = np.random.default_rng(0)
    draws = random.multinomial(side.images, np.full(side.images, 1 / side.images), _DRAWS)
    drawn = side.scores(draws.astype(np.float64))[:, 0]
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail]).tolist()
    return {
        "measure": MEASURES[run.task],
        "split": split,
        "images": side.images,
        "value": float(scores_of(side)[0]),
        "interval": [low, high],
    }
