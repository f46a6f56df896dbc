"""A version as a folder that other tools read: images, and labels in one of the formats."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vidset.datasets.exchange.earlier_files import EarlierFiles
from vidset.datasets.images.upright import upright_bytes
from vidset.datasets.versions.checkout import (
    Earlier,
    file_name,
    in_folders,
    segment,
    write_images,
)
from vidset.datasets.versions.entry import FORMATS, Entry
from vidset.datasets.versions.label_order import label_order
from vidset.datasets.versions.licences import of_licences
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Repository
from vidset.formats.format import ImageLabels, Written
from vidset.formats.licence_files import LicenceFiles
from vidset.formats.new_folder import new_folder
from vidset.formats.registry import Format, Images, format_named, names_of_writable
from vidset.formats.samples import Sample, SampleWriter
from vidset.formats.spool import spooled
from vidset.labeling.annotation import LabeledObject
from vidset.rights import ANY_LICENSE, LicenseChoice

FOLDERS = "folders"
# This file tells what the folder is, and that it may be replaced by another checkout.
_MARKER = "dataset.json"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """The outcome of an export.

    Attributes:
        dropped: what the format cannot say, by kind.
        other_licences: images that stay out for their licences, by these.
    """

    version: str
    format: str
    images: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    other_licences: Mapping[str, int] = field(default_factory=dict)


def check_out(
    repository: Repository,
    reference: str,
    folder: str,
    format_name: str = FOLDERS,
    *,
    link: bool = False,
    lossy: bool = False,
    overwrite: bool = False,
    shard_mb: int = 256,
    licenses: LicenseChoice = ANY_LICENSE,
    progress: Progress = lambda _: None,
) -> CheckedOut:
    """Write a version's images and labels into a new folder.

    The format `folders` gives `<split>/<label>/IMAGE`; with all others each split is a folder with
    its images and a file of labels, numbered alike in all of them. YOLO's data.yaml above them
    names the splits.

    Args:
        link: make hard links instead of copies.
        shard_mb: how large a file becomes where images stand in files together.
        lossy: leave out what the format cannot say, and count it, instead of raising.
        overwrite: replace an earlier checkout, and nothing else. Of its images those that are as
            it wrote them are not copied again.
        licenses: those that images may have.
        progress: is told how many images are written.

    Raises:
        ValueError: there is no such version or format, the folder is taken, or the format cannot
            say something. Nothing was written.
    """
    if format_name != FOLDERS:  # One that does not do is refused before anything is read.
        named = _writable(format_name)
        if link and named.images is None:
            raise ValueError(
                f"--link: wanted a format that leaves images as files, got {named.name}"
            )
    id_ = repository.resolve(reference)
    images, others = of_licences(repository.manifest(id_), licenses)
    dropped: Counter[str] = Counter()
    earlier = None if link else EarlierFiles(repository.root, folder)
    with new_folder(folder, _MARKER, overwrite=overwrite) as unfinished:
        order = None if format_name == FOLDERS else label_order(repository, id_)
        done = 0
        write_rights(images, unfinished, format_name, licenses, others)
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
                most_bytes=shard_mb << 20,
                earlier=earlier and earlier.into(unfinished),
                progress=lambda number, before=done: progress(before + number),
            )
            dropped.update(lost)
            done += len(part)
        if format_name != FOLDERS:
            _writable(format_name).write_over(unfinished, [*map(segment, images.splits)])
        marker = {"version": id_, "format": format_name, "images": len(images)}
        if licenses:
            marker |= {"licenses": list(licenses.names), "other_licences": dict(others)}
        (unfinished / _MARKER).write_text(json.dumps(marker) + "\n")
    if earlier is not None:
        with suppress(OSError):  # Then the next export copies all images.
            earlier.save()
    return CheckedOut(id_, format_name, len(images), dict(dropped), dict(others))


def write_rights(
    images: Manifest,
    folder: Path,
    format_name: str,
    licenses: LicenseChoice = ANY_LICENSE,
    others: Mapping[str, int] | None = None,
) -> None:
    """Write LICENSE and rights.jsonl into the folder, if anything is stated of the images.

    Args:
        licenses: those that the images are limited to.
        others: how many images were left out for their licences, by these.
    """
    with LicenceFiles(folder) as files:
        is_any = images.table["rights"].null_count < len(images)
        for entry, path in _paths(images, format_name) if is_any or licenses else ():
            files.add(path, entry.stated)
        files.finish(licenses, others)


def _paths(images: Manifest, format_name: str) -> Iterator[tuple[Entry, str]]:
    """Yield each image with its name below the folder of the splits."""
    if format_name == FOLDERS:
        paths = (path for _, path in in_folders(images))
        yield from zip(images, paths, strict=True)
        return
    named = _writable(format_name)
    for entry in images:
        name = file_name(entry)
        below = named.images and f"{named.images.images}{name}"
        path = below or named.sample_writer().image_file(name)
        yield entry, f"{segment(entry.split)}/{path}"


def write_split(
    repository: Repository,
    part: Manifest,
    place: Path,
    format_name: str,
    order: Sequence[str] | None,
    *,
    link: bool = False,
    lossy: bool = True,
    most_bytes: int = 256 << 20,
    earlier: Earlier | None = None,
    progress: Progress = lambda _: None,
) -> Mapping[str, int]:
    """Write one split's images and labels into a folder that is there. Returns what was dropped.

    Args:
        order: of the labels, for formats that number them.
        most_bytes: of images in one file, for formats that hold images and labels together.
        earlier: has images that need not be copied, as long as nothing is linked.

    Raises:
        ValueError: the format cannot say something, and `lossy` is not given.
    """
    if format_name == FOLDERS:
        placed = ((entry, path.partition("/")[2]) for entry, path in in_folders(part))
        write_images(repository, placed, place, link=link, earlier=earlier, progress=progress)
        return {}
    named = _writable(format_name)
    if (where := named.images) is None:
        writer = named.sample_writer()
        return _write_samples(
            repository, part, writer, place, order, most_bytes, progress, lossy=lossy
        ).dropped
    labels = map(_image_labels, part)
    written = named.writer().write(labels, place / where.labels, order, lossy=lossy)
    placed = _placed(part, where)
    write_images(repository, placed, place, link=link, earlier=earlier, progress=progress)
    return written.dropped


def _writable(name: str) -> Format:
    named = format_named(name, also=(FOLDERS,), to="write")
    if not named.writes:
        raise ValueError(f"{name} can only be read; wanted {', '.join(names_of_writable())}")
    return named


def _write_samples(
    repository: Repository,
    part: Manifest,
    writer: SampleWriter,
    folder: Path,
    order: Sequence[str] | None,
    most_bytes: int,
    progress: Progress,
    *,
    lossy: bool,
) -> Written:
    """Write the images of a split into files that hold images and labels together."""
    with spooled(
        map(_image_labels, part),
        writer.sayable,
        format_name=writer.NAME,
        lossy=lossy,
        file_of=writer.image_file,
    ) as spool:

        def samples() -> Iterator[Sample]:
            for number, (said, entry) in enumerate(zip(spool, part, strict=True), 1):
                data = repository.read_image(entry)
                suffix = FORMATS[entry.image_format]
                yield Sample(
                    labels=said,
                    image=writer.image_file(said.image_name),
                    image_id=entry.image_sha256,
                    image_uri=entry.image_uri,
                    revision=0,
                    data=upright_bytes(data, suffix, entry.image_uri) or data,
                )
                progress(number)

        writer.write(samples(), folder, spool.label_numbers(order), most_bytes)
        return spool.written()


def _placed(images: Manifest, where: Images) -> Iterator[tuple[Entry, str]]:
    return ((entry, f"{where.images}{file_name(entry)}") for entry in images)


def _image_labels(entry: Entry) -> ImageLabels:
    objects = [LabeledObject.from_document(thing) for thing in documents_in(entry.objects)]
    if entry.label is not None:
        objects.append(LabeledObject(entry.label, entry.label, "classification"))
    return ImageLabels(
        file_name(entry),
        entry.width,
        entry.height,
        tuple(objects),
        video_uri=entry.video_uri,
        pts_seconds=entry.pts_seconds,
        collector_id=entry.collector_id,
        rights=entry.stated,
    )
