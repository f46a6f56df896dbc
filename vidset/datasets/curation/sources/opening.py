"""Where `vidset dataset create` takes labeled images from."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.filesize import decimal

from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.curation.sources.source import Fault, Found, Source
from vidset.datasets.errors import DatasetError

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
    if sources.group_pattern is None:
        return _All(opened)
    try:
        pattern = re.compile(sources.group_pattern)
    except re.error as error:
        raise ValueError(f"--group-pattern {sources.group_pattern}: {error}") from None
    return _Grouped(_All(opened), pattern)


@dataclass(frozen=True, slots=True)
class _All:
    sources: Sequence[Source]

    def __iter__(self) -> Iterator[Found | Fault]:
        for source in self.sources:
            yield from source


@dataclass(frozen=True, slots=True)
class _Grouped:
    """With groups by the images' names; where the pattern is not found, the source's stays."""

    source: Source
    pattern: re.Pattern[str]

    def __iter__(self) -> Iterator[Found | Fault]:
        images, grouped = 0, 0
        for each in self.source:
            if isinstance(each, Found):
                images += 1
                if match := self.pattern.search(each.image_uri):
                    grouped += 1
                    name = match[1] if self.pattern.groups else match[0]
                    each = replace(each, group=name)  # noqa: PLW2901
            yield each
        if images and not grouped:
            raise DatasetError(
                f"--group-pattern {self.pattern.pattern}: wanted it in the images' names, "
                f"found it in none of {images}"
            )


def _split_and_path(text: str) -> tuple[Path, str | None]:
    match = _SPLIT_AND_PATH.fullmatch(text)
    if match is None or Path(text).exists():
        return Path(text), None
    return Path(match[2]), match[1]
