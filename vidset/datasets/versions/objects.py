"""The objects of an entry, read from the JSON text that the manifest keeps: here and nowhere else.

`read_objects` gives them typed. `documents_in` gives them as they were written, for what writes
them again with a change: it must keep what this release does not know.
Documents of every release are read: an older one has `points`, a newer one `rings` or `mask`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from vidset.datasets.versions.canonical import to_json
from vidset.labeling.annotation import Box, LabeledObject, ObjectType, Ring
from vidset.labeling.shapes import area_of, box_around
from vidset.masks import Mask


@dataclass(frozen=True, slots=True)
class DrawnObject:
    """One thing that somebody labeled in an image.

    Attributes:
        id: the labeling tool's. It says nothing about the object, and tools give new ones.
        box: as it is before it is turned, if it is.
        rings: of a polygon.
        mask: of a mask.
        document: as the annotation document has it.
    """

    id: str
    label: str
    type: str
    box: Box | None
    rings: tuple[Ring, ...]
    mask: Mask | None
    document: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def content(self) -> str:
        """Equal for objects of which the same is said, whatever their ids."""
        return _content(self.document)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Returns left, top, width and height of what holds it; None where nothing is drawn."""
        around = box_around(self.labeled)
        return (around.x, around.y, around.width, around.height) if around else None

    @property
    def area(self) -> float | None:
        """Square pixels; None where nothing is drawn."""
        return None if self.bounds is None else area_of(self.labeled)

    @property
    def labeled(self) -> LabeledObject:
        """The same as the labeling broker has it, without its attributes."""
        kind = cast(ObjectType, self.type)
        return LabeledObject(self.id, self.label, kind, self.box, self.rings or None, self.mask)


@lru_cache(maxsize=4096)
def read_objects(text: str | None) -> tuple[DrawnObject, ...]:
    """Returns the objects in the text of a manifest's column; none where it is null."""
    return tuple(map(object_of, documents_in(text)))


def documents_in(text: str | None) -> list[dict[str, Any]]:
    """Returns the objects in the text of a manifest's column as annotation documents have them.

    There are none where it is null. Each call gives new ones, which may be changed.
    """
    return json.loads(text) if text else []


def object_of(document: Mapping[str, Any]) -> DrawnObject:
    """An object from its part of an annotation document."""
    box, rings, mask = (document.get(name) for name in ("box", "rings", "mask"))
    if not rings and document.get("points"):
        rings = [{"points": document["points"]}]
    kind = "mask" if mask else "polygon" if rings else "classification"
    if box:
        kind = "rotated_box" if box.get("angle") else "box"
    return DrawnObject(
        id=str(document.get("id", "")),
        label=document["label"],
        type=document.get("type", kind),
        box=Box(**{name: float(value) for name, value in box.items()}) if box else None,
        rings=tuple(map(_ring, rings or ())),
        mask=Mask.from_document(mask) if mask else None,
        document=document,
    )


def content_of(text: str | None) -> tuple[str, ...] | None:
    """Returns what is said of an image, without ids and order; None where nothing was asked."""
    return None if text is None else tuple(sorted(map(_content, documents_in(text))))


def labels_in(text: str | None) -> set[str]:
    """The labels of the objects in the text of a manifest's column."""
    return {document["label"] for document in documents_in(text)}


def normalized(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Documents sorted by what they say and numbered: ids of files change from one to the next."""
    ordered = sorted(documents, key=_content)
    return [{**document, "id": str(number)} for number, document in enumerate(ordered, 1)]


def _content(document: Mapping[str, Any]) -> str:
    said = {key: _plain(value) for key, value in document.items() if key != "id"}
    if said.get("points") and not said.get("rings"):
        said["rings"] = [{"points": said["points"]}]
    said.pop("points", None)
    return to_json({key: value for key, value in said.items() if value not in (None, {}, [])})


def _plain(value: Any) -> Any:
    """Numbers alike whether they are whole or not; what says nothing is left out."""
    if isinstance(value, Mapping):
        plain = {key: _plain(each) for key, each in value.items()}
        nothing = ("angle", 0.0), ("hole", False)
        return {
            key: each
            for key, each in plain.items()
            if each is not None and (key, each) not in nothing
        }
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _ring(document: Mapping[str, Any]) -> Ring:
    points = tuple((float(point["x"]), float(point["y"])) for point in document["points"])
    return Ring(points, bool(document.get("hole", False)))
