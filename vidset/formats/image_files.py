"""The images behind annotations, in a folder or a bucket: read, copied or linked, in order."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vidset.formats.reading import relative_name
from vidset.gate import read_gate
from vidset.place import Place
from vidset.regular_files import has_link, open_regular
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.storage.uris import is_uri
from vidset.threads import in_order

_AT_ONCE = 8  # Requests to a bucket; in a folder, threads only get in each other's way.


@dataclass(frozen=True, slots=True)
class Indexed:
    """An image of an export.

    Attributes:
        image: its name in the export.
        revision: of its annotation.
    """

    image: str
    image_id: str
    image_uri: str
    revision: int


class ImageFiles:
    """Images by their uris, wherever OUT has been moved to since.

    Every method raises ValueError when an image is not there.
    """

    def __init__(self, place: Place):
        self._place = place
        self._map = map if place.folder else partial(in_order, threads=_AT_ONCE)
        self._stores: dict[str, ObjectStore] = {}

    def read_all(self, images: Iterable[Indexed]) -> Iterator[bytes]:
        return self._map(self._read, map(self._located, images))

    def copy_all(self, images: Iterable[Indexed], folder: Path, *, link: bool) -> Iterator[None]:
        """Each to where its `image` says, below the folder; hard links need files.

        Raises:
            ValueError: one cannot be linked.
        """
        made: set[Path] = set()

        def targets() -> Iterator[tuple[Indexed, str, str, Path]]:
            for image in images:
                target = folder / image.image
                if target.parent not in made:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    made.add(target.parent)
                yield *self._located(image), target

        return self._map(self._link if link else self._copy, targets())

    def _located(self, image: Indexed) -> tuple[Indexed, str, str]:
        """Adds the place of the images, and the name below it, which leads nowhere else."""
        name = self._place.name_of(image.image_id, image.image_uri)
        relative_name(name, f"image {image.image_id}")
        root = self._place.images_root or image.image_uri.removesuffix(name).rstrip("/")
        if root not in self._stores:
            self._stores[root] = open_store(self._shown(root))
        return image, root, name

    def _shown(self, root: str) -> str:
        """Return where the images below `root` are that may be sent; no place may be named."""
        if self._place.images_root is not None or not is_uri(root):
            return root
        gate = read_gate(root)
        if gate is not None and gate.copies is None:
            raise ValueError(f"{root} has a privacy gate: name it as the place of the images")
        return root if gate is None or gate.copies is None else gate.copies

    def _read(self, located: tuple[Indexed, str, str]) -> bytes:
        image, root, name = located
        if "://" not in root:
            _refuse_link(root, name)
        try:
            return self._stores[root].read(name)
        except FileNotFoundError:
            raise _missing(image, root, name) from None

    def _copy(self, wanted: tuple[Indexed, str, str, Path]) -> None:
        image, root, name, target = wanted
        if "://" in root:
            target.write_bytes(self._read((image, root, name)))
            return
        _refuse_link(root, name)
        try:
            with open_regular(os.path.join(root, name)) as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        except FileNotFoundError:
            raise _missing(image, root, name) from None

    def _link(self, wanted: tuple[Indexed, str, str, Path]) -> None:
        image, root, name, target = wanted
        _refuse_link(root, name)
        try:
            os.link(os.path.join(root, name), target)
        except FileNotFoundError:
            raise _missing(image, root, name) from None
        except OSError as error:
            raise ValueError(
                f"image {name!r}: no link from {root} to {target.parent}: {error.strerror}; "
                "without --link it is copied"
            ) from None


def _refuse_link(root: str, name: str) -> None:
    if has_link(root, name):
        raise ValueError(f"{root}/{name}: wanted an image of this place, got a link")


def _missing(image: Indexed, root: str, name: str) -> ValueError:
    return ValueError(f"image {image.image_id}: wanted it at {root}/{name}, got nothing")
