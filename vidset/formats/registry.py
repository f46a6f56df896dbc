"""Every format of labels and datasets, and what each can say.

`label import`, `label export`, `export` and `dataset create` all read this one table. A format of
your own is a module with `read` or `write` and an entry; a package installs one through the entry
point group `vidset.formats`, whose value is a `Format`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Literal, cast

from vidset.formats.format import ImageLabels, OverSplits, Reader, Writer
from vidset.formats.reading import Reading
from vidset.formats.sample_reading import ReadSample, SampleReader
from vidset.formats.samples import SampleWriter
from vidset.formats.unzipped_labels import read_unzipped

GROUP = "vidset.formats"
SAYABLE = (
    "box",
    "rotated box",
    "polygon",
    "rings",
    "holes",
    "mask",
    "classification",
    "attributes",
    "scores",
    "skipped",
    "annotator",
)
"""The abilities of formats: the kinds of objects first, then what is said about them."""


@dataclass(frozen=True, slots=True)
class Images:
    """The places of labels and images below the folder of a dataset in this format.

    Attributes:
        labels: the path that `write` gets; empty for the folder itself.
        images: the path of the images, with `/` at its end; empty for beside the labels.
        flat: whether the format, or many of its readers, know no folders below that.
    """

    labels: str = ""
    images: str = ""
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Attributes:
        name: what is typed after `-f`.
        title: what people call it.
        module: holds `read` and `write`; it is imported when it is used.
        reads, writes: what can be read and written, in words of SAYABLE; empty for nothing.
        labels: whether the labels of a dataset are one file or a folder of files.
        images: where images stand as files; None when files hold images and labels together, and
            the module is a `SampleWriter`, and a `SampleReader` if it reads.
        needs_sizes: whether reading takes the images' sizes, since the files do not tell them.
        is_over_splits: whether a file above the folders of splits names them: see `OverSplits`.
    """

    name: str
    title: str
    module: str
    reads: frozenset[str]
    writes: frozenset[str]
    labels: Literal["file", "folder"]
    images: Images | None
    needs_sizes: bool = False
    is_over_splits: bool = False

    def __post_init__(self) -> None:
        unknown = (self.reads | self.writes) - set(SAYABLE)
        if unknown:
            raise ValueError(
                f"format {self.name}: wanted words of {', '.join(SAYABLE)}, "
                f"got {', '.join(sorted(unknown))}"
            )

    def read(self, path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
        """See `vidset.formats.format.Reader.read`. A zip file is read as the folder in it.

        Raises:
            ValueError: it can only be written, or an option is for another format.
        """
        reading = self._checked(reading or Reading())
        if self.images is None:
            return (sample.labels for sample in self.read_samples(path, reading))
        return read_unzipped(cast(Reader, self.code()).read, Path(path), reading)

    def read_samples(self, path: str | Path, reading: Reading) -> Iterator[ReadSample]:
        """Read images and labels that stand in files together. See `SampleReader` and `read`."""
        code = cast(SampleReader, self.code())
        return read_unzipped(code.read_samples, Path(path), self._checked(reading))

    def _checked(self, reading: Reading) -> Reading:
        if not self.reads:
            known = ", ".join(names_of_readable())
            raise ValueError(f"{self.name} can only be written; what can be read is {known}")
        for option, is_given, name in (
            ("--columns", bool(reading.columns), "csv"),
            ("--results-of", reading.results_of is not None, "coco"),
        ):
            if is_given and self.name != name:
                raise ValueError(f"{option} is for {name}, got {self.name}")
        return reading

    def writer(self) -> Writer:
        """Return what writes label files.

        Raises:
            ValueError: it can only be read, or holds images and labels together.
        """
        if not self.writes or self.images is None:
            known = ", ".join(names_of_writable(labels_only=True))
            raise ValueError(f"{self.name} has no label files of its own; wanted {known}")
        return cast(Writer, self.code())

    def sample_writer(self) -> SampleWriter:
        """Return what writes files that hold images and labels together."""
        return cast(SampleWriter, self.code())

    def write_over(self, folder: Path, splits: Sequence[str]) -> None:
        """See `vidset.formats.format.OverSplits`; most formats have nothing to write there."""
        if self.is_over_splits and splits:
            cast(OverSplits, self.code()).write_over(folder, splits)

    def code(self) -> ModuleType:
        return import_module(self.module)


def _format(
    name: str,
    title: str,
    says: str,
    labels: Literal["file", "folder"],
    images: Images | None,
    *,
    reads: bool = True,
    writes: bool = True,
    needs_sizes: bool = False,
    is_over_splits: bool = False,
    module: str = "",
    reads_also: str = "",
) -> Format:
    module = f"vidset.formats.{module or name.replace('-', '_')}"
    said, more = (frozenset(filter(None, each.split(", "))) for each in (says, reads_also))
    return Format(
        name,
        title,
        module,
        reads=said | more if reads else frozenset(),
        writes=said if writes else frozenset(),
        labels=labels,
        images=images,
        needs_sizes=needs_sizes,
        is_over_splits=is_over_splits,
    )


_ALL = "box, rotated box, polygon, rings, holes, mask, classification, attributes, annotator"
_BUILT_IN = (
    _format("bdd100k", "BDD100K's label maps", "mask", "folder", Images("", "images/", flat=True)),
    _format(
        "cityscapes",
        "Cityscapes' label maps",
        "mask",
        "folder",
        Images("", "leftImg8bit/", flat=True),
    ),
    _format(
        "coco",
        "COCO",
        "box, rotated box, polygon, rings, mask, attributes, annotator",
        "file",
        Images("annotations.json", "images/"),
    ),
    _format("csv", "CSV", _ALL, "file", Images("labels.csv", "images/"), module="csv_files"),
    _format(
        "cvat",
        "CVAT XML 1.1",
        "box, rotated box, polygon, rings, mask, classification, attributes, annotator",
        "file",
        Images("annotations.xml", "images/"),
    ),
    _format(
        "datumaro",
        "Datumaro",
        "box, rotated box, polygon, rings, mask, classification, attributes, annotator",
        "file",
        Images("annotations/default.json", "images/"),
    ),
    _format(
        "fiftyone",
        "FiftyOne",
        "box, attributes, annotator",
        "folder",
        Images("", "data/"),
        needs_sizes=True,
        reads_also="polygon, rings, mask, classification",
    ),
    _format("label-maps", "PNG label maps", "mask", "folder", Images("", "images/")),
    _format(
        "label-studio",
        "Label Studio",
        "box, rotated box, polygon, rings, holes, mask, classification, attributes, skipped, "
        "annotator",
        "file",
        Images("tasks.json", "images/"),
    ),
    _format(
        "labelme",
        "labelme",
        "box, rotated box, polygon, rings, mask, classification, attributes, annotator",
        "folder",
        Images(),
    ),
    _format("parquet", "Parquet", _ALL, "folder", None),
    _format("tfrecord", "TFRecord", "box, classification, attributes", "folder", None),
    _format(
        "voc",
        "Pascal VOC",
        "box, classification, attributes, annotator",
        "folder",
        Images("", "JPEGImages/", flat=True),
    ),
    _format("webdataset", "WebDataset", _ALL, "folder", None),
    _format(
        "yolo",
        "YOLO",
        "box, rotated box, polygon, rings, holes, annotator",
        "folder",
        Images("", "images/", flat=True),
        needs_sizes=True,
        is_over_splits=True,
    ),
)


@cache
def formats() -> Mapping[str, Format]:
    """Return all formats by name: those of vidset, and those of installed packages.

    Raises:
        ValueError: a package's entry is no `Format`, or takes a name that is there already.
    """
    found = {each.name: each for each in _BUILT_IN}
    for point in entry_points(group=GROUP):
        entry = point.load()
        if not isinstance(entry, Format):
            raise ValueError(f"entry point {point.value}: wanted a Format, got {entry!r}")
        if entry.name in found:
            raise ValueError(f"entry point {point.value}: there is a format {entry.name} already")
        found[entry.name] = entry
    return MappingProxyType(dict(sorted(found.items())))


def names_of_readable() -> list[str]:
    return [name for name, each in formats().items() if each.reads]


def names_of_writable(*, labels_only: bool = False) -> list[str]:
    return [
        name
        for name, each in formats().items()
        if each.writes and not (labels_only and each.images is None)
    ]


def format_named(
    name: str, also: Collection[str] = (), *, to: Literal["read", "write"] | None = None
) -> Format:
    """Return the format of this name.

    Args:
        also: names that the caller knows beside the formats, to be told where the name is neither.
        to: what the format is for, so that no others are told.

    Raises:
        ValueError: there is none of this name; with the nearest one.
    """
    found = formats().get(name)
    if found is None:
        of = {"read": names_of_readable, "write": names_of_writable}.get(to or "", formats)
        known = sorted({*of(), *also})
        near = get_close_matches(name.lower(), known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"wanted a format of {', '.join(known)}, got {name!r}{hint}")
    return found
