"""Labeled images from files that hold both: TFRecord, WebDataset, Parquet."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath

from vidset.datasets.curation.sources.label_files import HowToRead
from vidset.datasets.curation.sources.labeled import found_of
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.formats.sample_reading import ReadSample


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """A source of files of one such format.

    An image of a version that was exported has the name that it had there. Copies that a recipe
    made of it have the name of their file.

    Attributes:
        path: a file, a folder or a zip file.
        split: of all images; None: as the files say, and where they do not, they are to be split.
    """

    format_name: str
    path: Path
    split: str | None = None
    how: HowToRead = field(default_factory=HowToRead)

    def __post_init__(self) -> None:
        if not self.path.exists():
            raise DatasetError(f"{self.path}: wanted files of {self.format_name}, got nothing")

    def __iter__(self) -> Iterator[Found | Fault]:
        how = self.how
        reading = Reading(
            lossy=how.lossy, crowds=how.crowds, columns=how.columns, collects=True
        )  # fmt: skip
        shown: dict[str, bytes] = {}
        try:
            for sample in format_named(self.format_name).read_samples(self.path, reading):
                yield self._found(sample, shown)
        except DatasetError:
            raise
        except ValueError as error:
            raise FaultsError(f"{self.path}: these files cannot be read", [str(error)]) from None
        for fault in reading.faults:
            yield Fault(Kind.MISFIT, str(self.path), fault)
        for what, number in reading.dropped.items():
            yield Fault(Kind.NOT_HELD, str(self.path), f"{number:,} {what}")

    def _found(self, sample: ReadSample, shown: dict[str, bytes]) -> Found | Fault:
        labels, data = sample.labels, sample.data
        digest = sha256(data).digest()
        name = sample.image_uri or labels.image_name
        if shown.setdefault(name, digest) != digest:
            name = self._own_name(labels.image_name, labels.splits)
        found = found_of(
            labels,
            name,
            lambda: data,
            source=self.format_name,
            files=str(self.path),
            split=self.split,
        )
        if isinstance(found, Found) and sample.image_sha256 not in (None, digest.hex()):
            what = f"wanted the bytes of {sample.image_sha256}, got {digest.hex()}"
            return Fault(Kind.CHANGED, name, what)
        return found

    def _own_name(self, image_name: str, splits: tuple[str, ...]) -> str:
        return str(PurePosixPath(*splits, image_name))
