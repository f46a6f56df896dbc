"""One image of a dataset version: a row of its manifest."""

import re
from dataclasses import dataclass

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.objects import DrawnObject, labels_in, read_objects
from vidset.formats import splits
from vidset.rights import Rights

FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "bmp": ".bmp"}
_HASH = re.compile(r"[0-9a-f]{64}")
TRAIN, VALIDATION, TEST = splits.TRAIN, splits.VALIDATION, splits.TEST


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """An image, what it shows, and which side of the split it is on.

    Attributes:
        image_sha256: of the file's bytes, in hex. It is the image's identity: labels follow it.
        image_uri: where the image came from: gs://, s3://, or the path below the source's folder.
            Never a machine's path, so that the same data are the same version anywhere.
        label: the class of the whole image; None where only its objects are labeled.
        objects: objects as in the annotation document, as canonical JSON (`to_json`); None where
            the image has a class only. "[]" says: a person saw that there is nothing.
        group: images of a group (video, session, near duplicates) stay on one side of the split.
        split: train, validation, test, or a name of the source's own, such as label_book.
        origin: image_sha256 of the collected image this one was made from; its own if untouched.
            Evaluation compares versions by it.
        parent: image_sha256 of the image in the parent version that a recipe made this one from.
        made_by: the steps that did, as canonical JSON; None if untouched.
        source: what kind of source it came from: folder, labelme, coco, label-studio, warehouse.
        rights: what is stated of it, as `vidset.rights.Rights.to_json` writes it; None: nothing.
    """

    image_sha256: str
    image_uri: str
    image_format: str
    width: int
    height: int
    label: str | None
    objects: str | None
    group: str
    split: str
    origin: str
    source: str
    parent: str | None = None
    made_by: str | None = None
    collector_id: str | None = None
    video_uri: str | None = None
    pts_seconds: float | None = None
    rights: str | None = None

    def __post_init__(self) -> None:
        if not is_hash(self.image_sha256):
            raise DatasetError(f"{self.image_uri}: wanted a SHA-256, got {self.image_sha256!r}")
        if self.image_format not in FORMATS:
            raise DatasetError(
                f"{self.image_uri}: wanted one of {sorted(FORMATS)}, got {self.image_format!r}"
            )
        if not self.split or not self.group:
            raise DatasetError(f"{self.image_uri}: has no split or no group")

    @property
    def things(self) -> tuple[DrawnObject, ...]:
        """The objects, typed."""
        return read_objects(self.objects)

    @property
    def stated(self) -> Rights:
        """Its rights, typed."""
        return Rights.from_json(self.rights)

    @property
    def labels(self) -> tuple[str, ...]:
        """The image's class and its objects' labels, each once, sorted."""
        return tuple(label_names(self.label, self.objects))


def is_hash(text: str) -> bool:
    """Returns whether the text is a SHA-256 in hex, and so no path."""
    return bool(_HASH.fullmatch(text))


def label_names(label: str | None, objects: str | None) -> list[str]:
    """An entry's class and its objects' labels, each once, sorted."""
    names = labels_in(objects)
    return sorted(names | {label} if label is not None else names)
