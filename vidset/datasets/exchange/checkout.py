"""A version as a folder that other tools read: images, and labels in one of the formats."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidset.datasets.versions.checkout import file_name, in_folders, segment, write_images
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.label_order import label_order
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Repository
from vidset.formats.format import ImageLabels, Writer
from vidset.formats.new_folder import new_folder
from vidset.formats.registry import Images, format_named
from vidset.labeling.annotation import LabeledObject

FOLDERS = "folders"
# This file tells what the folder is, and that it may be replaced by another checkout.
_MARKER = "dataset.json"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """The outcome of an export; `dropped` counts what the format cannot say, by kind."""

    version: str
    format: str
    images: int
    dropped: Mapping[str, int] = field(default_factory=dict)


def check_out(
    repository: Repository,
    reference: str,
    folder: str,
    format_name: str = FOLDERS,
    *,
    link: bool = False,
    lossy: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda _: None,
) -> CheckedOut:
    """Write a version's images and labels into a new folder.

    The format `folders` gives `<split>/<label>/IMAGE`; with all others each split is a folder with
    its images and a file of labels, numbered alike in all of them.

    Args:
        link: make hard links instead of copies.
        lossy: leave out what the format cannot say, and count it, instead of raising.
        overwrite: replace an earlier checkout, and nothing else.
        progress: is told how many images are written.

    Raises:
        ValueError: there is no such version or format, the folder is taken, or the format cannot
            say something. Nothing was written.
    """
    if format_name != FOLDERS:
        _folder_format(format_name)  # One that does not do is refused before anything is read.
    id_ = repository.resolve(reference)
    images = repository.manifest(id_)
    dropped: Counter[str] = Counter()
    with new_folder(folder, _MARKER, overwrite=overwrite) as unfinished:
        order = None if format_name == FOLDERS else label_order(repository, id_)
        done = 0
        for split in images.splits:
            part, place = images.split(split), unfinished / segment(split)
            place.mkdir()
            lost = write_split(
                repository,
                part,
                place,
                format_name,
                order,
                link=link,
                lossy=lossy,
                progress=lambda number, before=done: progress(before + number),
            )
            dropped.update(lost)
            done += len(part)
        marker = {"version": id_, "format": format_name, "images": len(images)}
        (unfinished / _MARKER).write_text(json.dumps(marker) + "\n")
    return CheckedOut(id_, format_name, len(images), dict(dropped))


def write_split(
    repository: Repository,
    part: Manifest,
    place: Path,
    format_name: str,
    order: Sequence[str] | None,
    *,
    link: bool = False,
    lossy: bool = True,
    progress: Progress = lambda _: None,
) -> Mapping[str, int]:
    """Write one split's images and labels into a folder that is there. Returns what was dropped.

    Args:
        order: of the labels, for formats that number them.

    Raises:
        ValueError: the format cannot say something, and `lossy` is not given.
    """
    if format_name == FOLDERS:
        placed = ((entry, path.partition("/")[2]) for entry, path in in_folders(part))
        write_images(repository, placed, place, link=link, progress=progress)
        return {}
    writer, where = _folder_format(format_name)
    written = writer.write(map(_image_labels, part), place / where.labels, order, lossy=lossy)
    write_images(repository, _placed(part, where), place, link=link, progress=progress)
    return written.dropped


def _folder_format(name: str) -> tuple[Writer, Images]:
    named = format_named(name, also=(FOLDERS,))
    if named.images is None:
        raise ValueError(f"format: wanted one that leaves images as files, got {name!r}")
    return named.writer(), named.images


def _placed(images: Manifest, where: Images) -> Iterator[tuple[Entry, str]]:
    return ((entry, f"{where.images}{file_name(entry)}") for entry in images)


def _image_labels(entry: Entry) -> ImageLabels:
    objects = [LabeledObject.from_document(thing) for thing in documents_in(entry.objects)]
    if entry.label is not None:
        objects.append(LabeledObject(entry.label, entry.label, "classification"))
    return ImageLabels(file_name(entry), entry.width, entry.height, tuple(objects))
