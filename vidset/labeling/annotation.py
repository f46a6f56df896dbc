"""Annotations: what annotators said of an image. Pixels, floats, origin top left."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from vidset.labeling.timestamps import parse_timestamp
from vidset.masks import Mask

ObjectType = Literal["box", "rotated_box", "polygon", "mask", "classification"]
AnnotationState = Literal["labeled", "skipped", "rejected"]
# How several annotators' answers to one image become its annotation.
ConsensusRule = Literal["latest", "majority"]
Attribute = str | bool | int | float | list[str]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, as it is before it is turned about its middle.

    Attributes:
        angle: degrees clockwise, as seen; 0 of an upright one.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed line of corners around an area, or around what is missing in one.

    Attributes:
        hole: whether it takes its area away from the rings before it.
    """

    points: tuple[Point, ...]
    hole: bool = False


def outline(points: Iterable[Point]) -> tuple[Ring, ...]:
    """The rings of an object that one line goes around."""
    return (Ring(tuple(points)),)


@dataclass(frozen=True, slots=True)
class LabeledObject:
    """One thing in an image, or for a classification a word on the whole image.

    Attributes:
        id: the vendor's, unique within its image.
        box: of a box, and with its angle of a rotated box.
        rings: of a polygon only: it may be in several parts, and have holes.
        mask: of a mask only.
    """

    id: str
    label: str
    type: ObjectType
    box: Box | None = None
    rings: tuple[Ring, ...] | None = None
    mask: Mask | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def points(self) -> tuple[Point, ...] | None:
        """The corners where one line goes around the object, without a hole; else None."""
        if self.rings and len(self.rings) == 1 and not self.rings[0].hole:
            return self.rings[0].points
        return None

    def to_document(self) -> dict[str, Any]:
        """Points are maps: neither Firestore nor BigQuery has arrays of arrays."""
        return {
            "id": self.id,
            "label": self.label,
            "type": self.type,
            "box": self.box and _box_document(self.box),
            "rings": self.rings and [_ring_document(ring) for ring in self.rings],
            "mask": self.mask and self.mask.to_document(),
            "attributes": dict(self.attributes),
        }

    def to_older_document(self) -> dict[str, Any]:
        """Returns the object as 0.1 wrote it, with what 0.1 did not know only where there is any.

        Ids that are made of what objects say stay the same by it.
        """
        document = self.to_document()
        points, rings, mask = self.points, document.pop("rings"), document.pop("mask")
        document["points"] = points and [{"x": x, "y": y} for x, y in points]
        if rings and not points:
            document["rings"] = rings
        return document | ({"mask": mask} if mask else {})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "LabeledObject":
        """Read a document of any version: those of 0.1 have `points` in the place of `rings`.

        Raises:
            ValueError: its mask is damaged.
        """
        box, rings, mask = (document.get(name) for name in ("box", "rings", "mask"))
        if not rings and document.get("points"):
            rings = [{"points": document["points"]}]
        return cls(
            id=document["id"],
            label=document["label"],
            type=document["type"],
            box=_box_of(box) if box else None,
            rings=tuple(map(_ring_of, rings)) if rings else None,
            mask=Mask.from_document(mask) if mask else None,
            attributes=dict(document["attributes"]),
        )


def _box_document(box: Box) -> dict[str, float]:
    said = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return said | ({"angle": box.angle} if box.angle else {})


def _box_of(document: Mapping[str, Any]) -> Box:
    # Written out, since exports read hundreds of thousands.
    return Box(
        float(document["x"]),
        float(document["y"]),
        float(document["width"]),
        float(document["height"]),
        float(document.get("angle", 0.0)),
    )


def _ring_document(ring: Ring) -> dict[str, Any]:
    return {"points": [{"x": x, "y": y} for x, y in ring.points], "hole": ring.hole}


def _ring_of(document: Mapping[str, Any]) -> Ring:
    points = tuple((float(point["x"]), float(point["y"])) for point in document["points"])
    return Ring(points, bool(document.get("hole", False)))


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one annotator to one image, once. A correction is another answer.

    Attributes:
        annotation_id: the vendor's; a correction has the same.
        annotator: who, as the vendor names them.
        state: `rejected` withdraws what the same annotation id said before.
        image_width, image_height: as the vendor saw the image; None when it does not tell.
        updated_at: the vendor's clock, which orders the answers.
        imported: of an answer that a person imported: `by` whom, from which `base_revision` of the
            annotation (None for files of others), and the time that the file `told`.
        round: how often the vendor's annotators had been asked about the image.
    """

    image_id: str
    vendor: str
    vendor_task_id: str | None
    annotation_id: str
    annotator: str
    state: AnnotationState
    objects: tuple[LabeledObject, ...]
    updated_at: datetime
    image_width: int | None = None
    image_height: int | None = None
    imported: Mapping[str, Any] | None = None
    round: int = 1

    @property
    def key(self) -> str:
        """The id of its document: by content, so that a repeated delivery has the same."""
        said = [self.state, [item.to_older_document() for item in self.objects]]
        identity = [self.vendor, self.annotation_id, self.updated_at.isoformat(), said]
        # ASCII: a vendor's text may be no Unicode, which nobody has checked yet.
        text = json.dumps(identity, sort_keys=True)
        return f"{self.image_id}-{hashlib.sha256(text.encode()).hexdigest()[:32]}"

    def to_document(self) -> dict[str, Any]:
        return {
            "image_id": self.image_id,
            "vendor": self.vendor,
            "vendor_task_id": self.vendor_task_id,
            "annotation_id": self.annotation_id,
            "annotator": self.annotator,
            "state": self.state,
            "objects": [item.to_document() for item in self.objects],
            "updated_at": self.updated_at,
            "image_width": self.image_width,
            "image_height": self.image_height,
            **({"imported": dict(self.imported)} if self.imported else {}),
            **({"round": self.round} if self.round > 1 else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Answer":
        later = ("imported", "round")  # Answers of 0.1 lack them.
        values = {name: document[name] for name in cls.__slots__ if name not in later}
        values["imported"], values["round"] = document.get("imported"), document.get("round", 1)
        values["objects"] = tuple(map(LabeledObject.from_document, document["objects"]))
        values["updated_at"] = parse_timestamp(document["updated_at"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Annotation:
    """`annotations/<image id>`: what holds for an image, all of its objects in one document.

    Attributes:
        annotator: whose answer it is; several, joined by ", ", for a consensus.
        answers: the ids of all answers that it was worked out from.
        revision: their number, so it never falls, and does not depend on the order in which they
            came.
        updated_at: of the newest answer.
        written_at: when this revision was stored, which is what an export reads on from.
    """

    image_id: str
    image_uri: str
    image_width: int | None
    image_height: int | None
    objects: tuple[LabeledObject, ...]
    vendor: str
    vendor_task_id: str | None
    annotator: str
    state: AnnotationState
    revision: int
    updated_at: datetime
    written_at: datetime
    answers: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        document = {name: getattr(self, name) for name in self.__slots__}
        objects = [item.to_document() for item in self.objects]
        return document | {"objects": objects, "answers": list(self.answers)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Annotation":
        values = {name: document[name] for name in cls.__slots__}
        values["objects"] = tuple(map(LabeledObject.from_document, document["objects"]))
        values["answers"] = tuple(document["answers"])
        for name in "updated_at", "written_at":
            values[name] = parse_timestamp(document[name])
        return cls(**values)
