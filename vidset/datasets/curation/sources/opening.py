"""Opens the sources of `vidset dataset create`: several as one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.curation.sources.grouping import VIDEO, Grouped
from vidset.datasets.curation.sources.label_files import (
    HowToRead,
    LabelFiles,
    apart,
)
from vidset.datasets.curation.sources.label_files import opened as unpacked
from vidset.datasets.curation.sources.labeled import splits_again
from vidset.datasets.curation.sources.licensed import Licensed
from vidset.datasets.curation.sources.named import FOLDERS, WAREHOUSE, Named, parse_source
from vidset.datasets.curation.sources.reshaped import Reshaped
from vidset.datasets.curation.sources.sample_files import SampleFiles
from vidset.datasets.curation.sources.source import Fault, Found, Kind, Source
from vidset.datasets.errors import DatasetError
from vidset.formats.coco import coco_files
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.rights import ANY_LICENSE, NONE, LicenseChoice, Rights
from vidset.tags import ALL_IMAGES, TagChoice

_SQL = "sql:"


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that the user named, as they were typed.

    Attributes:
        given: see `vidset.datasets.curation.sources.named`.
        format_name: of those that do not say theirs.
        images: where the images of label files are.
        where: SQL over a warehouse's dataset_candidates.
        group_by: see `vidset.datasets.curation.sources.grouping`; `sql:` with an expression over
            dataset_candidates is for warehouses.
        tagged: which of a warehouse's images to take by their tags.
        how: how label files are read.
        rights: of the images as far as the sources state none.
        licenses: those that images may have.
    """

    given: Sequence[str]
    format_name: str | None = None
    images: str | None = None
    where: str = "TRUE"
    group_by: str = VIDEO
    tagged: TagChoice = ALL_IMAGES
    how: HowToRead = field(default_factory=HowToRead)
    rights: Rights = NONE
    licenses: LicenseChoice = ANY_LICENSE


@dataclass(frozen=True, slots=True)
class Opened:
    """Attributes:
    source: all of them, as one.
    read_bytes: that BigQuery will read of each of its datasets, at most; they are paid for.
    """

    source: Source
    read_bytes: Mapping[str, int] = field(default_factory=dict)


def open_source(sources: Sources) -> Opened:
    """Open all sources as one.

    Raises:
        ValueError: none was named, or one of them cannot be.
    """
    opened: list[Source] = []
    read_bytes: dict[str, int] = {}
    for named in (parse_source(text, sources.format_name) for text in sources.given):
        made = _open(named, sources)
        if isinstance(made, list):
            opened += made
        else:
            opened.append(made)
        if named.kind == WAREHOUSE and named.path.startswith("bq://"):
            known = read_bytes.get(named.path, 0)
            read_bytes[named.path] = known + getattr(made, "read_bytes", 0)
    files = iter(apart([each for each in opened if isinstance(each, LabelFiles)]))
    opened = [next(files) if isinstance(each, LabelFiles) else each for each in opened]
    if not opened:
        raise DatasetError("wanted a source of labeled images, got none")
    is_warehouse = any(hasattr(source, "where") for source in opened)
    if not is_warehouse and (sources.where != "TRUE" or sources.tagged != ALL_IMAGES):
        option = "--where" if sources.where != "TRUE" else "--tag or --without-tag"
        raise DatasetError(
            f"{option} chooses among the images of a place or a warehouse, and "
            f"{', '.join(sources.given)} is neither"
        )
    is_sql = sources.group_by.startswith(_SQL)
    if is_sql and not is_warehouse:
        raise DatasetError(f"--group-by {sources.group_by}: SQL is for warehouses")
    source: Source = All(opened)
    if sources.how.map_labels or sources.how.as_boxes:
        source = Reshaped(source, sources.how.map_labels, sources.how.as_boxes)
    if sources.rights or sources.licenses:
        source = Licensed(source, sources.rights, sources.licenses)
    return Opened(Grouped(source, VIDEO if is_sql else sources.group_by), read_bytes)


def _open(named: Named, sources: Sources) -> Source | list[Source]:
    if named.kind == FOLDERS:
        return FolderSource(Path(named.path), named.split)
    if named.kind != WAREHOUSE:
        if format_named(named.kind).images is not None:
            return _label_files(named, sources)
        if sources.images is not None:
            raise DatasetError(
                f"--images-in {sources.images}: the images of {named.kind} stand in its own files"
            )
        return SampleFiles(named.kind, Path(named.path), named.split, sources.how)
    from vidset.datasets.curation.sources.warehouse import Warehouse

    if named.split is not None:
        raise DatasetError(f"{named.split}={named.path}: a warehouse's images cannot be one split")
    is_sql = sources.group_by.startswith(_SQL)
    group = sources.group_by.removeprefix(_SQL) if is_sql else "video_uri"
    return Warehouse.of(named.path, sources.where, group, sources.tagged)


def _label_files(named: Named, sources: Sources) -> list[Source]:
    """One source; or of a folder of COCO, one for each file that has images of its own."""

    def of(path: Path, split: str | None = None) -> LabelFiles:
        if split and named.split not in (None, split):
            raise DatasetError(splits_again(named.path, named.split, [split]))
        return LabelFiles.of(named.kind, path, sources.images, named.split or split, sources.how)

    folder = unpacked(Path(named.path))
    if named.kind == "coco" and folder.is_dir() and sources.images is None:
        reading = Reading()
        each = [of(file, split) for file, split in coco_files(folder, reading)]
        roots = {one.images for one in each}
        if len(roots) > 1:
            counts = reading.dropped.items()
            told = [
                Fault(Kind.NOT_HELD, named.path, f"{number:,} {what}") for what, number in counts
            ]
            return [*each, Told(told)] if told else [*each]
        if roots:
            whole = LabelFiles(named.kind, Path(named.path), roots.pop(), named.split, sources.how)
            return [whole]
    return [of(Path(named.path))]


@dataclass(frozen=True, slots=True)
class Told:
    """Faults that a folder of several sources has as a whole."""

    faults: Sequence[Fault]

    def __iter__(self) -> Iterator[Found | Fault]:
        yield from self.faults


@dataclass(frozen=True, slots=True)
class All:
    """Several sources, one after the other."""

    sources: Sequence[Source]

    def __iter__(self) -> Iterator[Found | Fault]:
        for source in self.sources:
            yield from source
