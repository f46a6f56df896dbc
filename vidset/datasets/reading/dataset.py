"""A dataset version as Python objects: entries, pictures, streams, and a torch Dataset."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from tarfile import BLOCKSIZE, NUL, PAX_FORMAT, TarInfo
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode
from vidset.datasets.reading.stored import Stored
from vidset.datasets.reading.stream import Shard, places_of
from vidset.datasets.versions.entry import FORMATS, Entry, label_names
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in
from vidset.suggestions import unknown

if TYPE_CHECKING:
    from vidset.datasets.reading.torch_data import TorchImages, TorchStream

WHOLE = Shard()


@dataclass(frozen=True, slots=True, eq=False)
class StreamedImage:
    """An image of a stream.

    Attributes:
        number: its place in the shard, from 0. `start=number + 1` goes on behind it.
        data: the file as it is stored.
    """

    number: int
    entry: Entry
    data: bytes


class Dataset:
    """A version of a dataset. It never changes, and can be sent to other processes."""

    def __init__(self, stored: Stored):
        self._stored = stored

    def __repr__(self) -> str:
        return f"<vidset.Dataset {self.id[:12]}, {len(self):,} images>"

    def __len__(self) -> int:
        return len(self._stored.manifest)

    @property
    def id(self) -> str:
        """The id of the version: 32 hex digits that follow from its content."""
        return self._stored.manifest.id

    @property
    def details(self) -> dict[str, Any]:
        """The content of version.json: how the version was made."""
        return dict(self._stored.details)

    @property
    def splits(self) -> list[str]:
        """The names of its splits, sorted."""
        return self._stored.manifest.splits

    @cached_property
    def classes(self) -> list[str]:
        """The labels of its images and of their objects, sorted."""
        columns = self._stored.manifest.table.select(["label", "objects"])
        found: set[str] = set()
        for batch in columns.to_batches(max_chunksize=1000):
            for row in batch.to_pylist():
                found.update(label_names(row["label"], row["objects"]))
        return sorted(found)

    def table(self, split: str | None = None) -> pa.Table:
        """Return the rows of a split, or of all, as Arrow. docs/datasets.md lists the columns.

        Raises:
            DatasetError: there is no such split.
        """
        return self._part(split).table

    def entries(self, split: str | None = None) -> Iterator[Entry]:
        """Yield the images of a split, or all, in the version's order.

        Raises:
            DatasetError: there is no such split.
        """
        yield from self._part(split)

    def read(self, entry: Entry) -> bytes:
        """Return an image's file as it is stored.

        Raises:
            DatasetError: it is not there, or, where it comes from a source, is not what its hash
                says. `vidset dataset verify` compares those of this machine.
        """
        return self._stored.images.read_image(entry)

    def picture(self, entry: Entry) -> np.ndarray:
        """Return an image's picture, upright: (height, width, 3) uint8 RGB.

        Raises:
            DatasetError: it is not there, or cannot be read.
        """
        return decode(self.read(entry), entry.image_uri)

    def stream(
        self,
        split: str | None = None,
        *,
        seed: int | None = None,
        epoch: int = 0,
        shard: Shard = WHOLE,
        start: int = 0,
    ) -> Iterator[StreamedImage]:
        """Yield the images of a split, one after the other.

        The order follows from the seed, the epoch and the images alone. Who knows these and the
        number of the last image goes on from there, on any machine.

        Args:
            seed: of the order; None takes the version's own.
            epoch: each has another order.
            shard: which part of the images to read.
            start: how many images of the shard to leave out: those that were read before.

        Raises:
            DatasetError: there is no such split, or an image cannot be read.
        """
        part = self._part(split)
        for number, row in places_of(part, seed, epoch, shard, start):
            entry = entry_at(part, row)
            yield StreamedImage(number, entry, self.read(entry))

    def write_tar(
        self,
        file: IO[bytes],
        split: str | None = None,
        *,
        seed: int | None = None,
        epoch: int = 0,
        shard: Shard = WHOLE,
        start: int = 0,
    ) -> int:
        """Write a stream as a tar file in WebDataset's layout. Returns the number of images.

        For each image there are `<12 digits>.<ending>` and `<12 digits>.json` with `image_sha256`,
        `image_uri`, `split`, `label` and `objects`. The file need not be one that can seek.

        Args:
            file: is written to, and stays open.
        """
        number = 0
        for each in self.stream(split, seed=seed, epoch=epoch, shard=shard, start=start):
            key = f"{each.number:012}"
            entry = each.entry
            said = {
                "image_sha256": entry.image_sha256,
                "image_uri": entry.image_uri,
                "split": entry.split,
                "label": entry.label,
                "objects": None if entry.objects is None else documents_in(entry.objects),
            }
            _add(file, f"{key}{FORMATS[entry.image_format]}", each.data)
            _add(file, f"{key}.json", json.dumps(said, ensure_ascii=False).encode())
            number += 1
        file.write(NUL * 2 * BLOCKSIZE)
        return number

    def torch(
        self, split: str | None = None, transform: "Callable[[np.ndarray], Any] | None" = None
    ) -> "TorchImages":
        """Return a map-style `torch.utils.data.Dataset` of (picture, target).

        The picture is a (3, height, width) uint8 tensor, RGB, or what `transform` makes of the
        (height, width, 3) array. The target of an image with a class is its place in `classes`;
        that of an image with objects is `{"boxes": (n, 4) float32 of left, top, right, bottom in
        pixels, "labels": (n,) int64}`.

        Raises:
            DatasetError: there is no such split.
        """
        from vidset.datasets.reading.torch_data import TorchImages

        return TorchImages(self, self._part(split), transform)

    def torch_stream(
        self,
        split: str | None = None,
        transform: "Callable[[np.ndarray], Any] | None" = None,
        *,
        seed: int | None = None,
        epoch: int = 0,
        shard: Shard = WHOLE,
        start: int = 0,
    ) -> "TorchStream":
        """Return an iterable `torch.utils.data.Dataset` of (picture, target), as `stream` reads.

        The workers of a `DataLoader` share the shard; `shard` says which process this is, by its
        rank. `start` counts the images of each worker.

        Raises:
            DatasetError: there is no such split.
        """
        from vidset.datasets.reading.torch_data import TorchStream

        return TorchStream(self, self._part(split), transform, seed, epoch, shard, start)

    def _part(self, split: str | None) -> Manifest:
        if split is None:
            return self._stored.manifest
        if split not in self.splits:
            raise DatasetError(f"version {self.id}: {unknown('split', split, self.splits)}")
        return self._stored.manifest.split(split)


def entry_at(manifest: Manifest, row: int) -> Entry:
    """Return one row of a manifest."""
    return Entry(**manifest.table.slice(row, 1).to_pylist()[0])


def _add(file: IO[bytes], name: str, data: bytes) -> None:
    """A file of no time and of no owner: the same images give the same bytes."""
    header = TarInfo(name)
    header.size = len(data)
    file.write(header.tobuf(PAX_FORMAT))
    file.write(data + NUL * (-len(data) % BLOCKSIZE))
