"""Where `vidset dataset create` takes labeled images from."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.curation.sources.grouping import VIDEO, Grouped
from vidset.datasets.curation.sources.source import Fault, Found, Source

_SPLIT_AND_PATH = re.compile(r"([A-Za-z][\w-]*)=(.+)")


@dataclass(frozen=True, slots=True)
class Sources:
    """What the user named, as it was typed. Of the lists, each is PATH or SPLIT=PATH."""

    folders: Sequence[str] = ()
    labelme: Sequence[str] = ()
    coco: Sequence[str] = ()
    label_studio: Sequence[str] = ()
    images: str | None = None
    warehouse: str | None = None
    where: str = "TRUE"
    group_by: str = "video_uri"
    group_pattern: str | None = None


def open_source(sources: Sources, tell: Callable[[str], None]) -> Source:
    """All of them, as one. `tell` gets a line on what costs something.

    Raises:
        ValueError: none was named, or one of them cannot be.
    """
    opened: list[Source] = []
    for path, split in map(_split_and_path, sources.folders):
        opened.append(FolderSource(path, split))
    given = {
        "labelme": sources.labelme,
        "coco": sources.coco,
        "label-studio": sources.label_studio,
    }
    for name, paths in given.items():
        for path, split in map(_split_and_path, paths):
            from vidset.datasets.curation.sources.label_files import LabelFiles

            opened.append(LabelFiles.of(name, path, sources.images, split))
    if sources.warehouse is not None:
        from vidset.datasets.curation.sources.warehouse import Warehouse

        warehouse = Warehouse.of(sources.warehouse, sources.where, sources.group_by)
        if sources.warehouse.startswith("bq://"):
            tell(f"{sources.warehouse}: BigQuery will read up to {decimal(warehouse.read_bytes)}")
        opened.append(warehouse)
    if not opened:
        raise ValueError(
            "wanted --folders, --labelme, --coco, --label-studio or --warehouse, got none"
        )
    return Grouped(All(opened), sources.group_pattern or VIDEO)


@dataclass(frozen=True, slots=True)
class All:
    sources: Sequence[Source]

    def __iter__(self) -> Iterator[Found | Fault]:
        for source in self.sources:
            yield from source


def _split_and_path(text: str) -> tuple[Path, str | None]:
    match = _SPLIT_AND_PATH.fullmatch(text)
    if match is None or Path(text).exists():
        return Path(text), None
    return Path(match[2]), match[1]
