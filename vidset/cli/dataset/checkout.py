"""`vidset dataset checkout`: a version as folders that other tools read."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vidset.cli.dataset.display import counting, say
from vidset.datasets.versions.checkout import file_name, in_folders, segment, write_images
from vidset.datasets.versions.entry import Entry, label_names
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.formats.dataset_formats import FolderFormat, file_format
from vidset.formats.format import ImageLabels
from vidset.formats.new_folder import new_folder
from vidset.labeling.annotation import LabeledObject

_FOLDERS = "folders"
# Tells what the folder is, and that --overwrite may replace it.
_MARKER = "dataset.json"


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    repository: str
    version: str
    folder: str
    format_name: str = _FOLDERS
    link: bool = False
    lossy: bool = False
    overwrite: bool = False


def run_checkout(request: Request, *, as_json: bool = False, quiet: bool = False) -> int:
    """Write and report; the exit code is 0.

    Raises:
        ValueError: bad usage, or the format cannot say something; nothing was written.
    """
    repository = Repository(request.repository)
    named = None if request.format_name == _FOLDERS else _format(request.format_name)
    id_ = repository.resolve(request.version)
    images = repository.manifest(id_)
    dropped: Counter[str] = Counter()
    with (
        counting("Writing images", show=not (as_json or quiet)) as progress,
        new_folder(request.folder, _MARKER, overwrite=request.overwrite) as folder,
    ):
        if named is None:
            write_images(
                repository, in_folders(images), folder, link=request.link, progress=progress
            )
        else:
            dropped = _write_format(named, repository, images, folder, request, progress)
        marker = {"version": id_, "format": request.format_name, "images": len(images)}
        (folder / _MARKER).write_text(json.dumps(marker) + "\n")
    if as_json:
        print(json.dumps({**marker, "dropped": dict(dropped)}))
    elif not quiet:
        say(f"{request.folder}: {len(images):,} images")
        if dropped:
            say(f"left out: {', '.join(f'{number} {what}' for what, number in dropped.items())}")
    return 0


def _format(name: str) -> FolderFormat:
    named = file_format(name)
    if not isinstance(named, FolderFormat):
        raise ValueError(f"--format: wanted one that leaves images as files, got {name!r}")
    return named


def _write_format(
    named: FolderFormat,
    repository: Repository,
    images: Manifest,
    folder: Path,
    request: Request,
    progress: Callable[[int], None],
) -> Counter[str]:
    """A folder for each split, with labels numbered alike in all; what was left out."""
    columns = (images.table[name].to_pylist() for name in ("label", "objects"))
    order = sorted({label for pair in zip(*columns, strict=True) for label in label_names(*pair)})
    dropped: Counter[str] = Counter()
    done = 0
    for split in images.splits:
        part, place = images.split(split), folder / segment(split)
        place.mkdir()
        written = named.write(map(_labels, part), place / named.labels, order, lossy=request.lossy)
        dropped.update(written.dropped)
        before = done
        done += write_images(
            repository,
            _named(part, named),
            place,
            link=request.link,
            progress=lambda number, before=before: progress(before + number),
        )
    return dropped


def _named(images: Manifest, named: FolderFormat) -> Iterator[tuple[Entry, str]]:
    return ((entry, f"{named.images}{file_name(entry)}") for entry in images)


def _labels(entry: Entry) -> ImageLabels:
    objects = [LabeledObject.from_document(thing) for thing in json.loads(entry.objects or "[]")]
    if entry.label is not None:
        objects.append(LabeledObject(entry.label, entry.label, "classification"))
    return ImageLabels(file_name(entry), entry.width, entry.height, tuple(objects))
