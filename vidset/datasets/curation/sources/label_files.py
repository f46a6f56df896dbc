"""Labeled images from label files of other tools, in any format that can be read."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vidset.datasets.curation.sources.folders import is_junk, read_file, walk
from vidset.datasets.curation.sources.image_uris import read_uri
from vidset.datasets.curation.sources.labeled import found_of
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.measures import decode
from vidset.formats.format import ImageLabels
from vidset.formats.label_studio import PREDICTED, UNANNOTATED, unannotated
from vidset.formats.matching import Match, Names
from vidset.formats.reading import Reading, is_uri
from vidset.formats.registry import format_named
from vidset.formats.unzipped import is_zip, unzipped

_SERVED = ("http://", "https://")
_LABELS = (".json", ".jsonl", ".txt", ".xml", ".yaml", ".yml", ".csv", ".data", ".names")


@dataclass(frozen=True, slots=True)
class HowToRead:
    """The way in which label files are read: see `vidset.formats.reading.Reading`.

    Attributes:
        match: how much of a name has to agree with a file's.
        map_labels: new names of labels.
        as_boxes: take the box around each outline.
    """

    lossy: bool = False
    crowds: bool = False
    columns: Mapping[str, str] | Sequence[str] = ()
    match: Match = "path"
    results_of: str | None = None
    map_labels: Mapping[str, str] = field(default_factory=dict)
    as_boxes: bool = False


@dataclass(frozen=True)
class LabelFiles:
    """A source of files of one format, and of the images that they name.

    Attributes:
        path: a file, a folder or a zip file.
        images: the folder that the images' names are relative to.
        split: of all images; None: as the files say, and where they do not, they are to be split.
        prefix: stands before those names of images that other sources have as well.
        shared: these names.
    """

    format_name: str
    path: Path
    images: Path
    split: str | None = None
    how: HowToRead = field(default_factory=HowToRead)
    prefix: str = ""
    shared: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        format_name: str,
        path: Path,
        images: str | None,
        split: str | None,
        how: HowToRead | None = None,
    ) -> "LabelFiles":
        """Find the images of label files: in a folder `images` beside them, else beside them.

        Args:
            images: where they are, if somebody told.

        Raises:
            DatasetError: there is nothing at the path, or no folder of images.
        """
        if not path.exists():
            raise DatasetError(f"{path}: wanted labels of {format_name}, got nothing")
        folder = Path(images) if images else _images_of(format_name, opened(path))
        if not folder.is_dir():
            raise DatasetError(f"--images-in {folder}: wanted a folder")
        return cls(format_name, path, folder, split, how or HowToRead())

    def __iter__(self) -> Iterator[Found | Fault]:
        named: set[str] = set()
        how = self.how
        reading = Reading(
            self._size_of,
            lossy=how.lossy,
            crowds=how.crowds,
            columns=how.columns,
            results_of=Path(how.results_of) if how.results_of else None,
            collects=True,
        )
        if not format_named(self.format_name).needs_sizes:
            reading.size_of = None
        try:
            for labels in format_named(self.format_name).read(self.path, reading):
                file = self._file_of(labels.image_name, is_elsewhere=labels.is_elsewhere)
                named.add(file)
                yield self._found(labels, file)
        except DatasetError:
            raise
        except ValueError as error:
            raise FaultsError(f"{self.path}: these labels cannot be read", [str(error)]) from None
        for fault in reading.faults:
            yield Fault(Kind.MISFIT, str(self.path), fault)
        if self.format_name == "label-studio":
            del reading.dropped[UNANNOTATED], reading.dropped[PREDICTED]  # They are named below.
        for what, number in reading.dropped.items():
            yield Fault(Kind.NOT_HELD, str(self.path), f"{number:,} {what}")
        if self.format_name == "label-studio":
            for told in unannotated(opened(self.path)):
                name = self._file_of(told)
                if name not in named:
                    named.add(name)
                    yield Fault(Kind.NOT_LABELED, name)
        for file in sorted(self._names.all):
            if file in named or file.endswith(_LABELS):
                continue
            yield Fault(Kind.JUNK if is_junk(file) else Kind.NO_LABEL, file)

    @cached_property
    def _names(self) -> Names:
        return Names(walk(self.images))

    def _file_of(self, name: str, *, is_elsewhere: bool = False) -> str:
        """The file that a name means; the name itself where there is none, or it is in a bucket."""
        told = unquote(urlsplit(name).path).strip("/") if name.startswith(_SERVED) else name
        if not told or is_uri(told) or (self.images / told).is_file():
            return told or name
        how = "longest" if is_elsewhere and self.how.match == "path" else self.how.match
        return self._names.find(told, how) or name

    def _found(self, labels: ImageLabels, name: str) -> Found | Fault:
        elsewhere = is_uri(name)
        return found_of(
            labels,
            name,
            partial(read_uri, name) if elsewhere else partial(read_file, self.images / name),
            source=self.format_name,
            files=str(self.path),
            split=self.split,
            path=None if elsewhere else str(self.images / name),
            image_uri=f"{self.prefix}{name}" if name in self.shared else name,
        )

    def _size_of(self, name: str) -> tuple[int, int]:
        """The width and height of an image as it is shown.

        Raises:
            ValueError: there is no such image.
        """
        file = self._file_of(name, is_elsewhere=True)
        try:
            picture = decode(read_file(self.images / file), name)
        except OSError as error:
            raise ValueError(
                f"image {name!r}: wanted it in {self.images}: {error.strerror}"
            ) from None
        return picture.shape[1], picture.shape[0]


def opened(path: Path) -> Path:
    """The folder in a zip file; anything else as it is."""
    return unzipped(path) if is_zip(path) else path


def _images_of(format_name: str, path: Path) -> Path:
    """The folder of the images of label files, by the layouts of the tools."""
    named = format_named(format_name)
    base = path if path.is_dir() else path.parent
    beside = base / "images"
    if named.labels == "folder":
        placed = base / named.images.images if named.images else base
        return placed if placed.is_dir() else base
    if beside.is_dir() or base.name != "annotations" or path.is_dir():
        return beside if beside.is_dir() else base
    # COCO's own layout: annotations/instances_val2017.json and val2017/.
    around = [base.parent / "images", *sorted(base.parent.iterdir())]
    called = [
        each for each in around if each.is_dir() and each.name in (*path.stem.split("_"), "images")
    ]
    return called[-1] if called else base.parent


def apart(sources: Sequence[LabelFiles]) -> list[LabelFiles]:
    """The same sources, with their folders before the names of images that several have."""
    roots = list(dict.fromkeys(each.images.resolve() for each in sources))
    if len(roots) < 2:
        return list(sources)
    uses = Counter(name for root in roots for name in walk(root) if not name.endswith(_LABELS))
    shared = frozenset(name for name, number in uses.items() if number > 1)
    if not shared:
        return list(sources)
    common = os.path.commonpath(roots)
    return [
        replace(
            each,
            prefix=f"{each.images.resolve().relative_to(common).as_posix()}/",
            shared=shared,
        )
        for each in sources
    ]
