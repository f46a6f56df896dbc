"""`vidset export OUT --format F --to PATH`: the labeled images as a dataset of another tool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from vidset.label_settings import Place

FileFormat = Literal[
    "coco", "fiftyone", "labelme", "parquet", "tfrecord", "voc", "webdataset", "yolo"
]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """How much was written.

    Attributes:
        dropped: what the format cannot say, by kind; only with `lossy`.
        passed_over: images without labels, by the state of their annotation: skipped, rejected.
    """

    images: int
    objects: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)


def export_files(
    format_name: str,
    place: Place,
    destination: str,
    *,
    link: bool = False,
    lossy: bool = False,
    overwrite: bool = False,
    shard_mb: int = 256,
    progress: Callable[[int], None] = lambda _: None,
) -> ExportedFiles:
    """Write all labeled images, those without objects too, with their labels, into a new folder.

    The same labels give the same bytes. The folder appears when it is whole; `images.jsonl` in it
    leads from files to image ids. Labels are numbered in the template's order, if the options or
    the environment name a template, else in their alphabetical one.

    Args:
        format_name: one of FILE_FORMATS.
        place: of Place.of(OUT, store, template=...).
        destination: a folder of this machine.
        link: hard links instead of copies, where images are files on the same file system.
        lossy: leave out what the format cannot say, and count it.
        overwrite: replace an earlier export at `destination`, and nothing else.
        shard_mb: how large a file becomes where images stand in files together.
        progress: told the number of images that are done, after each.

    Raises:
        ValueError: bad usage, an image is missing, or the format cannot say something; with the
            object's name. Nothing is at `destination` then that was not there before.
    """
    raise NotImplementedError
