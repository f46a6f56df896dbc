"""Makes the synthetic images of a recipe: on which backgrounds, of which objects."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from vidset.datasets.curation.synthetic.pasting import Placed, Rectangle, paste
from vidset.datasets.curation.synthetic.pictures import image_files, with_alpha
from vidset.datasets.curation.synthetic.settings import Synthetic
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import TRAIN, Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in, read_objects
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask

SOURCE = "synthetic"
# Where no place for a single object is free, another background is tried.
_BACKGROUNDS_FOR_AN_IMAGE = 20
_DIGITS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Generated:
    """A synthetic image.

    Attributes:
        entry: of the training split. Its hash, size and objects are those of the background still.
        picture: (height, width, 3) uint8 RGB.
        things: all objects in it, as in the annotation document.
        step: how it was made, for the manifest.
    """

    entry: Entry
    picture: np.ndarray
    things: list[dict[str, Any]]
    step: dict[str, Any]


def generate(repository: Repository, parent: Manifest, wanted: Synthetic) -> Iterator[Generated]:
    """Yield the images of a recipe; the same version, folders and numbers give the same ones.

    Raises:
        DatasetError: there are no backgrounds or objects, or no room for a single one.
    """
    if not any(entry.objects is not None for entry in parent):
        raise DatasetError("synthetic: wanted a version of objects, got one of classes alone")
    objects = _objects(Path(wanted.objects))
    backgrounds = _backgrounds(parent, wanted)
    digest = hashlib.sha256(to_json(wanted.content).encode()).hexdigest()
    for number in range(wanted.images):
        seed = hashlib.sha256(f"{digest}:{number}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(seed[:16], "big"))
        for _ in range(_BACKGROUNDS_FOR_AN_IMAGE):
            entry, data = backgrounds[int(random.integers(len(backgrounds)))]
            picture = decode(data or repository.read_image(entry), entry.image_uri)
            made, placed = paste(picture, objects, _taken(entry), wanted, random)
            placed = [each for each in placed if min(each.box[2:]) > 0]
            if placed:
                break
        else:
            raise DatasetError("synthetic: wanted room for an object in a background, found none")
        yield Generated(
            replace(entry, image_uri=f"{SOURCE}/{digest[:_DIGITS]}/{number:06}", source=SOURCE),
            made,
            [*documents_in(entry.objects), *_documents(placed, entry, wanted.shape)],
            {"step": SOURCE, "recipe": digest, "number": number},
        )


def _objects(folder: Path) -> list[tuple[str, np.ndarray]]:
    found = []
    for name, data in image_files(folder):
        parts = PurePosixPath(name).parts
        if len(parts) != 2:
            raise DatasetError(
                f"{folder / name}: wanted it in a folder that is called as its label"
            )
        found.append((parts[0], with_alpha(data, str(folder / name))))
    return found


def _backgrounds(parent: Manifest, wanted: Synthetic) -> Sequence[tuple[Entry, bytes | None]]:
    """Return training images of the version; or those of a folder, on which no object is."""
    if wanted.backgrounds is None:
        own = [each for each in parent if each.split == TRAIN and each.objects is not None]
        if not own:
            raise DatasetError("synthetic: wanted training images as backgrounds, got none")
        return [(each, None) for each in sorted(own)]
    found: list[tuple[Entry, bytes | None]] = []
    for name, data in image_files(Path(wanted.backgrounds)):
        picture = decode(data, name)
        digest = hashlib.sha256(data).hexdigest()
        entry = Entry(
            image_sha256=digest,
            image_uri=name,
            image_format="png" if data.startswith(b"\x89PNG") else "jpeg",
            width=picture.shape[1],
            height=picture.shape[0],
            label=None,
            objects="[]",
            group=f"{SOURCE}/{digest}",
            split=TRAIN,
            origin=digest,
            source=SOURCE,
        )
        found.append((entry, data))
    return found


def _taken(entry: Entry) -> list[Rectangle]:
    """The rectangles of a background's own objects."""
    found: list[Rectangle] = []
    for thing in read_objects(entry.objects):
        if thing.bounds is not None:
            left, top, width, height = thing.bounds
            whole = floor(left), floor(top)
            end = ceil(left + width), ceil(top + height)
            found.append((*whole, end[0] - whole[0], end[1] - whole[1]))
    return found


def _documents(placed: Sequence[Placed], entry: Entry, shape: str) -> Iterator[dict[str, Any]]:
    known = {str(thing.get("id")) for thing in documents_in(entry.objects)}
    free = (str(n) for n in range(1, len(known) + len(placed) + 1) if str(n) not in known)
    for each in placed:
        document: dict[str, Any] = {"id": next(free), "label": each.label, "type": shape}
        if shape == "mask":
            document |= {"box": None, "mask": Mask.of(each.mask).to_document()}
        else:
            sides = dict(zip(("x", "y", "width", "height"), map(float, each.box), strict=True))
            document |= {"box": sides}
        yield document | {"points": None, "attributes": {SOURCE: True}}
