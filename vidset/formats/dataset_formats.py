"""The formats of `vidset export`: of folders of images, and of large files that hold both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.registry import format_named
from vidset.formats.samples import Sample

FileFormat = Literal[
    "coco", "fiftyone", "labelme", "parquet", "tfrecord", "voc", "webdataset", "yolo"
]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)


class WriteLabels(Protocol):
    """`vidset.formats.format.Format.write`."""

    def __call__(
        self,
        labels: Iterable[ImageLabels],
        path: str | Path,
        labels_order: Sequence[str] | None = None,
        *,
        lossy: bool = False,
    ) -> Written: ...


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """One that leaves images as files.

    Attributes:
        write: all but the images.
        labels: the path of what it writes, below the folder.
        images: the path of the images, below the folder.
        flat: whether the format, or many of its readers, know no folders below that.
    """

    write: WriteLabels
    labels: str = ""
    images: str = ""
    flat: bool = False


class SampleFormat(Protocol):
    """One that holds images with their labels; a module."""

    @property
    def NAME(self) -> str: ...  # noqa: N802

    def image_file(self, image_name: str) -> str:
        """The image's name in the files."""
        ...

    def sayable(self, labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
        """What it can say of an image, and what is lost."""
        ...

    def write(
        self,
        samples: Iterable[Sample],
        folder: Path,
        numbers_of: Mapping[str, int],
        most_bytes: int,
    ) -> None:
        """Files of images of at most so many bytes; memory is constant.

        Args:
            numbers_of: the labels', from 0.
        """
        ...


def file_format(name: str) -> FolderFormat | SampleFormat:
    """Raises ValueError: there is none of this name."""
    match name:
        case "coco":
            named = FolderFormat(format_named("coco").write, "annotations.json", "images/")
        case "labelme":
            named = FolderFormat(format_named("labelme").write)
        case "yolo":
            named = FolderFormat(format_named("yolo").write, images="images/", flat=True)
        case "fiftyone":
            from vidset.formats import fiftyone

            named = FolderFormat(fiftyone.write, images="data/")
        case "voc":
            from vidset.formats import voc

            named = FolderFormat(voc.write, images="JPEGImages/", flat=True)
        case "parquet":
            from vidset.formats import parquet as named
        case "tfrecord":
            from vidset.formats import tfrecord as named
        case "webdataset":
            from vidset.formats import webdataset as named
        case _:
            raise ValueError(f"wanted a format of {', '.join(FILE_FORMATS)}, got {name!r}")
    return named
