"""Predictions of images that were not trained on: a version is cut into folds by group, and the
fixed model trained once a fold, on the others.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import write_atomically
from vidset.training.scoring.predictions import read_predictions

HELD_OUT = "held_out"


class TrainFolds(Protocol):
    """Trains on the split `train` of each manifest, in a folder of its own.

    Yields the place of each with the predictions for its split `held_out`, as it is done.
    """

    def __call__(
        self, folds: Sequence[tuple[Manifest, Path]]
    ) -> Iterator[tuple[int, pa.Table]]: ...


def choose_images(manifest: Manifest, splits: Sequence[str]) -> Manifest:
    """The labeled images of some splits.

    Raises:
        DatasetError: a split has none.
    """
    labeled = pc.field("label").is_valid()
    for split in splits:
        if not manifest.table.filter((pc.field("split") == split) & labeled).num_rows:
            known = ", ".join(manifest.splits)
            raise DatasetError(f"split {split!r} has no image with a label; the splits are {known}")
    return Manifest(manifest.table.filter(pc.field("split").isin(list(splits)) & labeled))


def assign_folds(manifest: Manifest, folds: int, seed: int) -> list[int]:
    """The fold, from 0, of each image: whole groups, labels spread evenly. The manifest is sorted,
    so the same images and seed give the same folds.

    Raises:
        DatasetError: there are fewer groups than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups, labels = manifest.table["group"].to_pylist(), manifest.table["label"].to_pylist()
    if folds < 2 or len(set(groups)) < folds:
        found = len(set(groups))
        raise DatasetError(f"wanted 2 folds at least and a group for each, got {folds} and {found}")
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    of_image = [0] * len(groups)
    for fold, (_, held_out) in enumerate(cut.split(groups, labels, groups)):
        for place in held_out:
            of_image[place] = fold
    return of_image


def predict_out_of_fold(
    manifest: Manifest,
    folds: int,
    seed: int,
    folder: Path,
    train_folds: TrainFolds,
    tell: Callable[[int, int], None],
) -> pa.Table:
    """Predictions for every image by the model that was not trained on its fold.

    What a fold gave is kept in `folder`, which is this version's and these settings' own: a
    second call, or one after an interruption, trains only what is missing.

    Args:
        tell: is called with (folds done, folds).
    """
    of_image = assign_folds(manifest, folds, seed)
    paths = [folder / f"fold-{fold + 1}-of-{folds}.parquet" for fold in range(folds)]
    missing = [fold for fold, path in enumerate(paths) if not path.exists()]
    done = folds - len(missing)
    tell(done, folds)
    place = manifest.table.schema.get_field_index("split")
    cut = []
    for fold in missing:
        sides = pa.array([HELD_OUT if each == fold else TRAIN for each in of_image])
        table = manifest.table.set_column(place, "split", sides)
        cut.append((Manifest(table), folder / f"fold-{fold + 1}"))
    for number, predicted in train_folds(cut):
        sink = pa.BufferOutputStream()
        pq.write_table(predicted, sink)
        write_atomically(paths[missing[number]], sink.getvalue().to_pybytes())
        done += 1
        tell(done, folds)
    tables = [read_predictions(path) for path in paths]
    found = pa.concat_tables(tables)
    if found.num_rows != len(manifest):
        raise DatasetError(
            f"{folder}: wanted predictions for {len(manifest)} images, got {found.num_rows}"
        )
    return found.sort_by([("origin", "ascending"), ("image_uri", "ascending")])
