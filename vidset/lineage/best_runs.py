"""The best run by each score, among runs of one model that were scored on the same images."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.json_files import parse_json
from vidset.lineage.leaderboard import Board
from vidset.regular_files import read_regular
from vidset.training.scoring.gate import read_result
from vidset.training.scoring.run import LOSS, Run, read_run
from vidset.training.scoring.sides import evaluation_paths

_MOST_BYTES = 64 << 20
# Numbers of a result that are no scores.
_NO_SCORES = frozenset(
    {
        *("seed", "epoch", "images", "right", "objects", "images_without_objects", "exact"),
        *("constant_guess", "answer_iou", "score", "pixels"),
    }
)


@dataclass(frozen=True, slots=True)
class Best:
    """The run that is best by a score; of equal ones the first by name.

    Attributes:
        value: of the score, at the run's best epoch.
        names: those that stand for the version that it was trained on.
        output: the run's folder.
    """

    score_name: str
    value: float
    run: str
    version: str
    names: list[str]
    seed: int
    epoch: int
    output: str


def best_runs(board: Board, runs: Path) -> list[Best]:
    """Return the best run of a board by each score that its runs have, by the scores' names.

    Scores are those of `vidset evaluate`, as far as it was called, and those after the best epoch.
    Of the loss less is better, of all others more.

    Args:
        runs: the folder with the runs.

    Raises:
        DatasetError: a run or a result cannot be read.
    """
    best: dict[str, Best] = {}
    for ranked in board.versions:
        for name in ranked.runs:
            run = read_run(runs / name)
            for score_name, value in _scores(run, board.split, board.evaluation_id).items():
                found = Best(
                    score_name,
                    value,
                    name,
                    ranked.version,
                    ranked.names,
                    run.seed,
                    run.best_epoch,
                    str(run.folder),
                )
                before = best.get(score_name)
                if before is None or _rank(found) < _rank(before):
                    best[score_name] = found
    return [best[name] for name in sorted(best)]


def _rank(found: Best) -> tuple[float, str]:
    return (found.value if found.score_name == LOSS else -found.value), found.run


def _scores(run: Run, split: str, evaluation_id: str) -> dict[str, float]:
    path = evaluation_paths(run, split, evaluation_id)[0]
    told = _of_history(run, split) if run.evaluation_ids.get(split) == evaluation_id else {}
    if path.is_file():
        result = read_result(path)
        macro = result.get("macro")
        several = macro if isinstance(macro, dict) else {}
        told |= _numbers(result) | {f"macro {name}": v for name, v in _numbers(several).items()}
    return told


def _of_history(run: Run, split: str) -> dict[str, float]:
    path = run.folder / "history.jsonl"
    try:
        lines = read_regular(path, _MOST_BYTES).splitlines()
        line = parse_json(lines[run.best_epoch - 1], str(path), "an epoch", DatasetError)
        return _numbers(line["scores"][split])
    except (KeyError, TypeError, IndexError) as error:
        raise DatasetError(f"{path}: wanted the run's best epoch, it has no {error}") from None
    except FileNotFoundError:
        return {}


def _numbers(told: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in _NO_SCORES
    }
