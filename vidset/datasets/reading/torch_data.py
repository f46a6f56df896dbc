"""A version's images for PyTorch."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import IterableDataset, get_worker_info

from vidset.datasets.reading.stream import Shard, places_of
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest

if TYPE_CHECKING:
    from vidset.datasets.reading.dataset import Dataset

Transform = Callable[[np.ndarray], Any] | None


class TorchImages(TorchDataset):
    """Images by their number, each with its target: see `vidset.Dataset.torch`."""

    def __init__(self, dataset: "Dataset", part: Manifest, transform: Transform):
        self._dataset, self._part, self._transform = dataset, part, transform
        self._places = {label: place for place, label in enumerate(dataset.classes)}
        self._columns = _columns(part)

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        if not -len(self) <= number < len(self):
            raise IndexError(f"wanted an image from 0 to {len(self) - 1}, got {number}")
        entry = _entry_at(self._columns, number % len(self))
        return _item(self._dataset, entry, self._transform, self._places)


class TorchStream(IterableDataset):
    """Images one after the other, each with its target: see `vidset.Dataset.torch_stream`."""

    def __init__(
        self,
        dataset: "Dataset",
        part: Manifest,
        transform: Transform,
        seed: int | None,
        epoch: int,
        shard: Shard,
        start: int,
    ):
        self._dataset, self._part, self._transform = dataset, part, transform
        self._seed, self._epoch, self._shard, self._start = seed, epoch, shard, start
        self._places = {label: place for place, label in enumerate(dataset.classes)}

    def set_epoch(self, epoch: int) -> None:
        """Take the order of another epoch, from its first image on."""
        self._epoch, self._start = epoch, 0

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        shard, info = self._shard, get_worker_info()
        if info is not None:
            shard = replace(shard, worker=info.id, workers=info.num_workers)
        columns = _columns(self._part)
        for _, row in places_of(self._part, self._seed, self._epoch, shard, self._start):
            yield _item(self._dataset, _entry_at(columns, row), self._transform, self._places)


def _columns(part: Manifest) -> dict[str, Any]:
    """Returns the columns, each in one piece: single rows are read from these in a fourth of the
    time that a slice of the table takes.
    """
    return {name: part.table[name].combine_chunks() for name in part.table.column_names}


def _entry_at(columns: dict[str, Any], row: int) -> Entry:
    return Entry(**{name: column[row].as_py() for name, column in columns.items()})


def _item(
    dataset: "Dataset", entry: Entry, transform: Transform, places: dict[str, int]
) -> tuple[Any, Any]:
    picture = dataset.picture(entry)
    shown = torch.from_numpy(picture).permute(2, 0, 1) if transform is None else transform(picture)
    return shown, _target(entry, places)


def _target(entry: Entry, places: dict[str, int]) -> Any:
    if entry.label is not None:
        return places[entry.label]
    drawn = [(each.label, each.bounds) for each in entry.things]
    boxes = [(label, bounds) for label, bounds in drawn if bounds is not None]
    edges = [(x, y, x + width, y + height) for _, (x, y, width, height) in boxes]
    return {
        "boxes": torch.tensor(edges, dtype=torch.float32).reshape(-1, 4),
        "labels": torch.tensor([places[label] for label, _ in boxes], dtype=torch.int64),
    }
