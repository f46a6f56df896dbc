"""A version's images as files that people and other tools read."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.upright import upright_bytes
from vidset.datasets.versions.entry import FORMATS
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.regular_files import read_regular

_UNSAFE = re.compile(r'[%/\\:*?"<>|\x00-\x1f\x7f-\x9f\u2028\u2029]|^\.|[. ]$|^ ')
_MOST_STEM_BYTES, _MOST_SEGMENT_BYTES = 100, 200
_MOST_BYTES_OF_A_LETTER = 4
_TOLD_EACH = 100


class ImageFile(Protocol):
    """The facts by which an image's file is found and named; an entry has them, too."""

    @property
    def image_sha256(self) -> str: ...
    @property
    def image_uri(self) -> str: ...
    @property
    def image_format(self) -> str: ...


class _ImageFile(NamedTuple):  # There are as many as images: an entry takes ten times as long.
    image_sha256: str
    image_uri: str
    image_format: str


class Earlier(Protocol):
    """Has images of an earlier export, which need not be copied again."""

    def link(self, image_sha256: str, target: str) -> bool:
        """Put the earlier file at `target`, too, if it is there and as it was written."""
        ...

    def wrote(self, image_sha256: str, target: str) -> None:
        """Take note of an image that was written to `target`."""
        ...


def in_folders(images: Manifest) -> Iterator[tuple[ImageFile, str]]:
    """Each image with its path: `<split>/<label>/<its name>-<12 hex digits>.<ending>`.

    No path leads outside: what is special to a file system is percent-encoded.

    Raises:
        DatasetError: an image has no class, or a label is too long for a folder.
    """
    if set(images.table["image_format"].unique().to_pylist()) - FORMATS.keys():
        raise DatasetError(f"wanted images of the formats {sorted(FORMATS)}, got others")
    folders: dict[tuple[str, str], str] = {}
    names = ("split", "label", *_ImageFile._fields)
    for split, label, *facts in images.rows(names):
        file = _ImageFile(*facts)
        if label is None:
            raise DatasetError(
                f"{file.image_uri}: wanted a class for the folder to be in, got objects alone; "
                "another format can say them"
            )
        named = (split, label)
        if named not in folders:
            folders[named] = "/".join(map(segment, named))
        yield file, f"{folders[named]}/{file_name(file)}"


def file_name(file: ImageFile) -> str:
    """Returns the image's own name, as far as it is readable, and what tells it from others."""
    stem = segment(_stem(file.image_uri), _MOST_STEM_BYTES)
    identity = f"{file.image_sha256} {file.image_uri}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return f"{stem}-{digest}{FORMATS[file.image_format]}"


def _stem(uri: str) -> str:
    """The stem that `PurePosixPath` tells, in a tenth of the time."""
    name = uri.rpartition("/")[2]
    if name in ("", "."):
        return PurePosixPath(uri).stem
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name


def segment(text: str, most_bytes: int | None = None) -> str:
    """A text as one segment of a path, percent-encoded; cut to so many bytes if told so.

    Raises:
        DatasetError: it is empty, or longer than file systems allow.
    """
    safe = _UNSAFE.sub(_encoded, text)
    if most_bytes is not None:
        if len(safe) * _MOST_BYTES_OF_A_LETTER <= most_bytes:
            return safe  # As most names of images.
        return safe.encode()[:most_bytes].decode(errors="ignore")
    if not 0 < len(safe.encode()) <= _MOST_SEGMENT_BYTES:
        raise DatasetError(f"{text[:80]!r}: wanted 1 to {_MOST_SEGMENT_BYTES} bytes for a folder")
    return safe


def _encoded(unsafe: re.Match[str]) -> str:
    return "".join(f"%{number:02X}" for number in unsafe[0].encode())


def write_images(
    repository: Repository,
    images: Iterable[tuple[ImageFile, str]],
    folder: Path,
    *,
    link: bool,
    upright: bool = True,
    earlier: Earlier | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Copy or link each image to its path below the folder; their number.

    Args:
        upright: write a picture that EXIF data turn as it is seen, and as its labels are: not all
            tools turn it. It is another file then, which is never a link.
        earlier: what it has is not copied. Without `link` only.
        progress: is told how many are written, now and then.

    Raises:
        DatasetError: an image is not in the repository, or it cannot be linked to there.
    """
    made: set[str] = set()
    number = 0
    for number, (file, path) in enumerate(images, 1):
        target = f"{folder}/{path}"
        above = target.rpartition("/")[0]
        if above not in made:
            os.makedirs(above, exist_ok=True)
            made.add(above)
        if earlier is None or not earlier.link(file.image_sha256, target):
            _write_image(repository, file, target, link=link, upright=upright)
            if earlier is not None:
                earlier.wrote(file.image_sha256, target)
        if number % _TOLD_EACH == 0:
            progress(number)
    progress(number)
    return number


def _write_image(
    repository: Repository, file: ImageFile, target: str, *, link: bool, upright: bool
) -> None:
    stored = repository.image_path(file.image_sha256, file.image_format)
    try:
        data = read_regular(stored)
        turned = upright_bytes(data, stored.suffix, file.image_uri) if upright else None
        if link and turned is None:
            os.link(stored, target)
        else:
            Path(target).write_bytes(data if turned is None else turned)
    except FileNotFoundError:
        raise DatasetError(
            f"{file.image_uri}: its image is not in the repository, wanted {stored}"
        ) from None
    except OSError as error:
        if not link:
            raise
        raise DatasetError(
            f"{target}: no link from {stored}: {error.strerror}; without --link it is copied"
        ) from None
