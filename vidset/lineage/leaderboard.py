"""Ranks dataset versions by the scores of the fixed model that was trained on them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.listing import names_by_id
from vidset.datasets.versions.repository import Repository
from vidset.json_files import read_object
from vidset.training.scoring.evaluation import MEASURES
from vidset.training.scoring.gate import read_result
from vidset.training.scoring.noise import mean_interval, scores_of
from vidset.training.scoring.run import Run, read_run
from vidset.training.scoring.sides import evaluation_paths, predictions_on, scored


@dataclass(frozen=True, slots=True)
class Ranked:
    """A version on a board.

    Attributes:
        names: those that stand for the version.
        runs: the names of its runs, by seed.
        train_images: how many images they were trained on.
        score: the mean of the runs' scores at their best epochs.
        interval: the 95 % interval of that mean, over images and, with several runs, over seeds.
            Null where the score is not defined.
    """

    version: str
    names: list[str]
    runs: list[str]
    train_images: int
    score: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Board:
    """Versions whose scores may be compared: of one model on the same images.

    Attributes:
        evaluation_id: names the images and what they show.
        score_name: accuracy, ap50 of a detector, or mean_iou of a segmentation.
        images: how many images were scored.
        versions: the best one first.
    """

    model: str
    recipe_hash: str
    split: str
    evaluation_id: str
    score_name: str
    images: int
    versions: list[Ranked]


@dataclass(frozen=True, slots=True)
class _Images:
    """A set of images that runs of one model were scored on. `model` goes along for its name."""

    recipe_hash: str
    split: str
    evaluation_id: str
    model: str


def rank_versions(repository: Repository, runs: Path, split: str | None = None) -> list[Board]:
    """Return a board for each model and set of images, the one with the most versions first.

    Runs that have not ended are passed over. The same runs give the same intervals.

    Args:
        split: only boards of this split.

    Raises:
        DatasetError: a run cannot be read, or no run was scored on the split.
    """
    found: defaultdict[_Images, list[Run]] = defaultdict(list)
    for run in _done_runs(runs):
        for images in _scored_on(run):
            found[images].append(run)
    wanted = {images: each for images, each in found.items() if split in (None, images.split)}
    if split is not None and found and not wanted:
        known = ", ".join(sorted({images.split for images in found}))
        raise DatasetError(f"--split: wanted one that runs were scored on ({known}), got {split!r}")
    names = names_by_id(repository)
    boards = [_board(images, each, names) for images, each in wanted.items()]
    return sorted(boards, key=lambda board: (-len(board.versions), board.split, board.model))


def _done_runs(runs: Path) -> Iterator[Run]:
    for path in sorted(runs.glob("*/run.json")):
        if read_object(path, "a run", DatasetError).get("state") == "done":
            yield read_run(path.parent)


def _scored_on(run: Run) -> Iterator[_Images]:
    """Yield the images of its own splits, and those of other versions that it was evaluated on."""
    own = {(split, run.evaluation_ids[split]) for split in run.splits}
    for path in run.folder.glob("evaluations/*.json"):
        result = read_result(path)
        where = result["split"], result["evaluation_id"]
        if evaluation_paths(run, *where)[1].exists():
            own.add(where)
    for split, evaluation_id in sorted(own):
        yield _Images(run.recipe_hash, split, evaluation_id, run.model)


def _board(images: _Images, runs: Sequence[Run], names: dict[str, list[str]]) -> Board:
    of_version: defaultdict[str, dict[str, Run]] = defaultdict(dict)
    for run in runs:  # A run may stand in two folders; it counts once.
        of_version[run.version].setdefault(run.run_id, run)
    ranked, number = [], 0
    for version, each in of_version.items():
        several = sorted(each.values(), key=lambda run: (run.seed, str(run.folder)))
        tables = [[predictions_on(run, images.split, images.evaluation_id)[0]] for run in several]
        number = tables[0][0].num_rows
        side = scored(several, tables)
        score = float(scores_of(side).mean())
        is_defined = not np.isnan(score)
        ranked.append(
            Ranked(
                version=version,
                names=names.get(version, []),
                runs=[run.folder.name for run in several],
                train_images=int(several[0].details.get("train_images", 0)),
                score=score if is_defined else None,
                interval=mean_interval(side, np.random.default_rng(0)) if is_defined else None,
            )
        )
    ranked.sort(key=lambda one: -1.0 if one.score is None else one.score, reverse=True)
    return Board(
        model=images.model,
        recipe_hash=images.recipe_hash,
        split=images.split,
        evaluation_id=images.evaluation_id,
        score_name=MEASURES[runs[0].task],
        images=number,
        versions=ranked,
    )
