"""Finds images of a split that stood in a run's training: their score would flatter."""

from dataclasses import dataclass

import pyarrow as pa

from vidset.datasets.curation.candidates import with_column
from vidset.datasets.errors import DatasetError, UnknownVersionError
from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
from vidset.datasets.images.pictures import pictured
from vidset.datasets.splits.leaks import COLUMNS, GROUP, NEAR, find_leaks_among
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.evaluation import Target
from vidset.training.scoring.run import Run


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """Images that stood in training, a line for each.

    Attributes:
        same: the same file, the same pixels, or made from the same collected image.
        near: near duplicates; some of them may show other things.
    """

    same: tuple[str, ...]
    near: tuple[str, ...]


def find_trained_on(run: Run, repository: Repository, target: Target) -> TrainedOn:
    """Look for a target's images among those that a run was trained on.

    Raises:
        DatasetError: the repository does not have the version that the run was trained on.
    """
    try:
        trained = repository.manifest(run.version)
    except UnknownVersionError:
        raise DatasetError(
            f"run {run.folder} was trained on version {run.version}, which {repository.root} does "
            "not have: whether these images stood in its training cannot be told (vidset dataset "
            "pull brings a version)"
        ) from None
    sides = ((TRAIN, trained.split(TRAIN)), ("evaluated", target.manifest))
    images = pa.concat_tables(
        [
            with_column(each.table, "split", [side] * len(each)).select(COLUMNS)
            for side, each in sides
        ]
    )
    measures = pa.concat_tables([repository.measures(run.version), target.measures])
    seen = pictured(images["image_sha256"].to_pylist(), measures)
    same: dict[tuple[str, str], str] = {}
    near: dict[tuple[str, str], str] = {}
    for leak in find_leaks_among(images, seen, NEAR_DISTANCE).leaks:
        # Other frames of one video are no copies: splits of a version keep them apart already.
        if leak.kind == GROUP:
            continue
        one, other = (leak.a, leak.b) if leak.a.split == TRAIN else (leak.b, leak.a)
        said = f"{other.image_uri}: {leak.kind}, as {one.image_uri} of training"
        (near if leak.kind == NEAR else same).setdefault(
            (other.image_sha256, other.image_uri), said
        )
    only_near = [said for image, said in near.items() if image not in same]
    return TrainedOn(tuple(same.values()), tuple(only_near))
