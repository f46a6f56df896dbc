"""A source offers labeled images, and says what is wrong with some."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from vidset.rights import NONE, Rights


@dataclass(frozen=True, slots=True)
class Found:
    """A labeled image that a source offers.

    Attributes:
        image_uri: gs://, s3://, or the path below the source's folder.
        read: its bytes; raises OSError when it cannot be read.
        path: of its file, if it is one of this machine.
        source: folder, labelme, coco, label-studio or warehouse.
        objects: as in the annotation document; None where the image has a class only.
        image_sha256, size: of the file; width and height: as far as the source tells them.
        group: the video or session that it is of; None: nobody told.
        split: None where the source has none.
        origin: the hash of the image that this one is a blurred copy of; None: it is none.
        rights: what is stated of it.
    """

    image_uri: str
    read: Callable[[], bytes]
    source: str
    label: str | None = None
    objects: list[dict[str, Any]] | None = None
    image_sha256: str | None = None
    size: tuple[int, int] | None = None
    group: str | None = None
    split: str | None = None
    collector_id: str | None = None
    video_uri: str | None = None
    pts_seconds: float | None = None
    path: str | None = None
    origin: str | None = None
    rights: Rights = NONE


class Kind(StrEnum):
    """The faults that an image, a file or a label can have."""

    JUNK = "no image"
    NOT_LABELED = "not labeled yet"
    NOT_HELD = "what an annotation cannot hold"
    REPEATED = "the same image again"
    NOT_LICENSED = "not of the licences asked for"
    UNREADABLE = "unreadable image"
    NO_LABEL = "image without label"
    NO_IMAGE = "label without image"
    UNKNOWN_LABEL = "label not among --labels"
    MISFIT = "labels that do not fit the image"
    CHANGED = "not the image that was labeled"
    CONTRADICTION = "same image, unequal labels"
    AMBIGUOUS = "different images of one name"
    SEVERAL_SPLITS = "in several splits of its source"
    MOVED = "in another split than in an earlier version"

    @property
    def is_harmless(self) -> bool:
        """It is left out and counted; the others stop a version from being made."""
        return self in (
            Kind.JUNK,
            Kind.NOT_LABELED,
            Kind.NOT_HELD,
            Kind.REPEATED,
            Kind.NOT_LICENSED,
        )


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something that stays out of the version. `name` is of the image or the file."""

    kind: Kind
    name: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}" + (f": {self.what}" if self.what else "")


class Source(Protocol):
    """A source of labeled images."""

    def __iter__(self) -> Iterator[Found | Fault]:
        """Everything that is there, each image once, in any order.

        Raises:
            DatasetError: it is not laid out as a source of this kind.
        """
        ...
