"""Labeled images from label files of other tools, in any format that can be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vidset.datasets.curation.sources.folders import is_junk, read_file, walk
from vidset.datasets.curation.sources.image_class import class_and_objects
from vidset.datasets.curation.sources.image_uris import read_uri
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.measures import decode
from vidset.formats.format import ImageLabels
from vidset.formats.label_studio import unannotated
from vidset.formats.reading import Reading, is_uri
from vidset.formats.registry import format_named

_UNANNOTATED = "tasks without annotations"
_LABELS = (".json", ".txt", ".xml", ".yaml", ".csv")


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """A source of files of one format, and of the images that they name.

    Attributes:
        path: a file; of labelme, a folder of files.
        images: the folder that the images' names are relative to.
        split: of all images; None: they are to be split.
        lossy: leave out what an annotation cannot hold, and count it.
    """

    format_name: str
    path: Path
    images: Path
    split: str | None = None
    lossy: bool = False

    @classmethod
    def of(
        cls,
        format_name: str,
        path: Path,
        images: str | None,
        split: str | None,
        *,
        lossy: bool = False,
    ) -> "LabelFiles":
        """Find the images of label files: in a folder `images` beside them, else beside them.

        Args:
            images: where they are, if somebody told.

        Raises:
            DatasetError: there is nothing at the path, or no folder of images.
        """
        if not path.exists():
            raise DatasetError(f"{path}: wanted labels of {format_name}, got nothing")
        named = format_named(format_name)
        base = path if path.is_dir() else path.parent
        beside = base / "images"
        if named.labels == "folder":
            placed = base / named.images.images if named.images else base
            beside = placed if placed.is_dir() else base
        folder = Path(images) if images else beside if beside.is_dir() else base
        if not folder.is_dir():
            raise DatasetError(f"--images-in {folder}: wanted a folder")
        return cls(format_name, path, folder, split, lossy)

    def __iter__(self) -> Iterator[Found | Fault]:
        named: set[str] = set()
        reading = Reading(size_of=self._size_of, lossy=self.lossy, collects=True)
        if not format_named(self.format_name).needs_sizes:
            reading.size_of = None
        try:
            for labels in format_named(self.format_name).read(self.path, reading):
                named.add(labels.image_name)
                yield self._found(labels)
        except ValueError as error:
            raise FaultsError(f"{self.path}: these labels cannot be read", [str(error)]) from None
        for fault in reading.faults:
            yield Fault(Kind.MISFIT, str(self.path), fault)
        if self.format_name == "label-studio":
            del reading.dropped[_UNANNOTATED]  # Each of them is named below.
        for what, number in reading.dropped.items():
            yield Fault(Kind.NOT_HELD, str(self.path), f"{number:,} {what}")
        if self.format_name == "label-studio":
            for name in unannotated(self.path):
                if name not in named:
                    named.add(name)
                    yield Fault(Kind.NOT_LABELED, name)
        for file in sorted(walk(self.images)):
            if file in named or file.endswith(_LABELS):
                continue
            yield Fault(Kind.JUNK if is_junk(file) else Kind.NO_LABEL, file)

    def _found(self, labels: ImageLabels) -> Found | Fault:
        name = labels.image_name
        if labels.state != "labeled":
            return Fault(Kind.NOT_LABELED, name, labels.state)
        try:
            label, objects = class_and_objects(
                [item.to_older_document() for item in labels.objects]
            )
        except DatasetError as error:
            return Fault(Kind.MISFIT, name, str(error))
        size = (labels.width, labels.height)
        return Found(
            image_uri=name,
            read=partial(read_uri, name)
            if is_uri(name)
            else partial(read_file, self.images / name),
            source=self.format_name,
            label=label,
            objects=objects,
            size=size if None not in size else None,  # pyright: ignore[reportArgumentType]
            group=labels.video_uri,
            split=self.split,
            collector_id=labels.collector_id,
            video_uri=labels.video_uri,
            pts_seconds=labels.pts_seconds,
        )

    def _size_of(self, name: str) -> tuple[int, int]:
        """The width and height of an image as it is shown."""
        picture = decode(read_file(self.images / name), name)
        return picture.shape[1], picture.shape[0]
