"""Images with their labels, for formats that hold both in a few large files."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vidset.formats.format import ImageLabels, Loss


@dataclass(frozen=True, slots=True)
class Sample:
    """An image, `data`, as it is stored, and what is said of it."""

    labels: ImageLabels
    image: str
    image_id: str
    image_uri: str
    revision: int
    data: bytes


class Shard(Protocol):
    """A file of samples, which is written from its start to its end."""

    def add(self, sample: Sample) -> None: ...

    def close(self) -> None: ...


def write_shards(
    samples: Iterable[Sample],
    folder: Path,
    name_of: Callable[[int, int], str],
    open_shard: Callable[[Path], Shard],
    most_bytes: int,
) -> None:
    """A new file where the images of one would come to more than `most_bytes`.

    Args:
        name_of: a file's name by its number, from 0, and the number of files.
    """
    paths: list[Path] = []
    shard: Shard | None = None
    size = 0
    for sample in samples:
        if shard is None or size + len(sample.data) > most_bytes:
            if shard:
                shard.close()
            # How many there will be is not known yet.
            paths.append(folder / f"{len(paths)}.unfinished")
            shard, size = open_shard(paths[-1]), 0
        shard.add(sample)
        size += len(sample.data)
    if shard:
        shard.close()
    for number, path in enumerate(paths):
        path.rename(folder / name_of(number, len(paths)))


class SampleWriter(Protocol):
    """A module that writes files which hold images together with their labels."""

    @property
    def NAME(self) -> str: ...  # noqa: N802

    def image_file(self, image_name: str) -> str:
        """Return the image's name in the files."""
        ...

    def sayable(self, labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
        """Return what it can say about an image, and what is lost."""
        ...

    def write(
        self,
        samples: Iterable[Sample],
        folder: Path,
        numbers_of: Mapping[str, int],
        most_bytes: int,
    ) -> None:
        """Write files with images of at most so many bytes each. Memory is constant.

        Args:
            numbers_of: the labels' numbers, from 0.
        """
        ...
