"""A folder for each label, and above these, if one likes, a folder for each split.

DIR/<label>/IMAGE        or        DIR/<split>/<label>/IMAGE
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError
from vidset.formats.label_maps import is_layout
from vidset.formats.licence_files import read_per_image
from vidset.formats.splits import split_named
from vidset.regular_files import read_regular
from vidset.rights import NONE

NAME = "folder"
_MOST_BYTES = 500_000_000
# What is meant as an image, whether it can be read or not.
_IMAGES = re.compile(r".*\.(png|jpe?g|jpe|jfif|webp|bmp|gif|tiff?|heic|avif|jp2|p[gp]m)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Images in folders that are named by their label.

    Their depth tells what the folders above an image are: one is the label, two are the split and
    the label. With splits, one of them has to be called train, val or test, or a longer form of
    these; the others may have any name and keep it. Rights are taken from the rights.jsonl that
    `vidset export` writes beside the images.

    Attributes:
        split: of all images, where the folders tell none.
    """

    folder: Path
    split: str | None = None

    def __iter__(self) -> Iterator[Found | Fault]:
        if not self.folder.is_dir():
            raise DatasetError(f"{self.folder}: wanted a folder with a folder for each label")
        if hint := _label_maps(self.folder):
            raise DatasetError(
                f"{self.folder}: wanted a folder for each label, got images with label maps "
                f"(masks) beside them; name them as such: {hint}"
            )
        files = sorted(walk(self.folder))
        junk = frozenset(filter(is_junk, files))
        inner, depth = self._layout([file.split("/") for file in files if file not in junk])
        if inner:
            yield from replace(self, folder=self.folder / inner)
            return
        try:
            stated = read_per_image(self.folder)
        except (ValueError, OSError) as error:
            raise DatasetError(str(error)) from None
        wanted = "<split>/<label>/IMAGE" if depth == 2 else "<label>/IMAGE"
        labels: dict[str, tuple[str | None, str]] = {}
        for file in files:
            if file in junk:
                yield Fault(Kind.JUNK, file)
            elif not is_text(file):
                yield Fault(Kind.UNREADABLE, repr(file), "wanted a file name in UTF-8")
            elif file.count("/") != depth:
                yield Fault(Kind.NO_LABEL, file, f"wanted it at {wanted}")
            else:
                above = file.rpartition("/")[0]
                if above not in labels:
                    labels[above] = self._label(above)
                split, label = labels[above]
                path = os.path.join(self.folder, file)
                yield Found(
                    image_uri=unicodedata.normalize("NFC", file),
                    read=partial(read_file, path),
                    path=path,
                    source=NAME,
                    label=label,
                    split=split,
                    rights=stated.get(file, NONE),
                )

    def _label(self, above: str) -> tuple[str | None, str]:
        """The split and label that the folders above an image tell."""
        *split, label = unicodedata.normalize("NFC", above).split("/")
        return (split_named(split[0]) or split[0] if split else self.split), label

    def _layout(self, images: list[list[str]]) -> tuple[str | None, int]:
        """Returns the one folder above all splits, if there is one; and `_depth`, if not."""
        inner = _unpacked(images)
        return inner, 0 if inner else self._depth(images)

    def _depth(self, images: list[list[str]]) -> int:
        """Returns how many folders stand above a labeled image: 1 or 2.

        Raises:
            DatasetError: all images have two above them, and none of these is called as a split; or
                they have one, and all of these are.
        """
        in_two = {parts[0] for parts in images if len(parts) == 3}
        if any(map(split_named, in_two)):
            if self.split is not None:
                raise DatasetError(
                    f"{self.folder}: wanted no splits, as all are to be {self.split}, got "
                    f"{', '.join(sorted(in_two)[:10])}"
                )
            return 2
        if in_two and not any(len(parts) == 2 for parts in images):
            raise DatasetError(
                f"{self.folder}: wanted <label>/IMAGE, or one of its folders to be a split called "
                f"train, val or test; got two folders above each image, the first "
                f"{', '.join(sorted(in_two)[:10])}"
            )
        in_one = {parts[0] for parts in images if len(parts) == 2}
        if in_one and all(map(split_named, in_one)):
            raise DatasetError(
                f"{self.folder}: wanted <split>/<label>/IMAGE, got images in "
                f"{', '.join(sorted(in_one))} with no folder for their label"
            )
        return 1


def _unpacked(images: list[list[str]]) -> str | None:
    """Returns the one folder above all splits, as zip files bring it along; None without one."""
    tops = {parts[0] for parts in images}
    has_splits = any(len(parts) == 4 and split_named(parts[1]) for parts in images)
    is_above_all = len(tops) == 1 and all(len(parts) > 2 for parts in images)
    return tops.pop() if has_splits and is_above_all else None


def _label_maps(folder: Path) -> str | None:
    """Return how to name the label maps in a folder, or in those of its splits; None: no maps."""
    if is_layout(folder):
        return f"label-maps:{folder}"
    found = [each for each in sorted(folder.iterdir()) if each.is_dir() and is_layout(each)]
    named = (
        f"{split}=label-maps:{each}" if (split := split_named(each.name)) else f"label-maps:{each}"
        for each in found
    )
    return " ".join(named) or None


def walk(folder: Path) -> Iterator[str]:
    """The files below a folder, as paths with `/`; a link to a folder counts as a file."""
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(root, name))]
        folders[:] = sorted(set(folders) - set(links))
        above = Path(root).relative_to(folder).as_posix()
        for name in (*files, *links):
            yield name if above == "." else f"{above}/{name}"


def is_junk(file: str) -> bool:
    """Returns whether its name is not that of an image: system leftovers, hidden files, texts."""
    hidden = "/." in f"/{file}" or "__MACOSX" in file.split("/")
    return hidden or not _IMAGES.fullmatch(file.rpartition("/")[2].lower())


def is_text(name: str) -> bool:
    """Returns whether a file's name is text, which a manifest can hold."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_file(path: str | Path) -> bytes:
    """Read an image's file.

    Raises:
        OSError: it is no regular file, or has more than 500 MB.
    """
    return read_regular(path, _MOST_BYTES)
