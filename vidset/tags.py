"""Tags: what a person marks on images, such as "to label", kept beside the dataset.

PLACE/tags/<time>-<8 hex digits>.json is one mark: who put a tag on which images, or took it off,
and when. Marks are only ever added, so that several people at once lose none; what holds is the
newest mark of each image and tag.
"""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vidset.storage.store import ObjectStore

FOLDER = "tags"
# The page offers these; any other may be typed.
SUGGESTED = ("to label", "leave out", "look again")
_TAG = re.compile(r"[\w][\w .:/+-]{0,59}")
_IMAGE_ID = re.compile(r"[0-9a-f]{32}")
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """One act of marking.

    Attributes:
        is_set: whether the tag was put on the images; else it was taken off.
        actor: who did it.
    """

    tag: str
    image_ids: tuple[str, ...]
    is_set: bool
    actor: str
    marked_at: datetime

    def __post_init__(self) -> None:
        check_tag(self.tag)
        if not self.image_ids:
            raise ValueError(f"tag {self.tag!r}: wanted at least one image, got none")
        for image_id in self.image_ids:
            if not _IMAGE_ID.fullmatch(image_id):
                raise ValueError(f"wanted an image id of 32 hex digits, got {image_id[:100]!r}")

    def to_json(self) -> dict[str, Any]:
        return {
            "tag": self.tag,
            "is_set": self.is_set,
            "actor": self.actor,
            "marked_at": self.marked_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "image_ids": list(self.image_ids),
        }

    @classmethod
    def from_json(cls, data: Any) -> "Mark":
        """Raises ValueError: it is no mark."""
        try:
            moment = datetime.fromisoformat(data["marked_at"])
            if moment.tzinfo is None or not isinstance(data["is_set"], bool):
                raise ValueError("its time has no zone, or it does not say whether it is set")
            ids = tuple(str(each) for each in data["image_ids"])
            return cls(str(data["tag"]), ids, data["is_set"], str(data["actor"]), moment)
        except (KeyError, TypeError) as error:
            raise ValueError(f"wanted a mark, it has no usable {error}") from None


def check_tag(tag: str) -> str:
    """Return the tag, without blanks around it.

    Raises:
        ValueError: it is empty, too long, or has characters that a tag cannot have.
    """
    tag = tag.strip()
    if not _TAG.fullmatch(tag):
        raise ValueError(
            f"wanted a tag of 1 to 60 letters, digits, blanks and . : / + - _, got {tag[:100]!r}"
        )
    return tag


def write_mark(store: ObjectStore, mark: Mark) -> str:
    """Add a mark to the store of a place's tags; returns the name of its object."""
    moment = mark.marked_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    while True:
        name = f"{moment}-{secrets.token_hex(4)}.json"
        text = json.dumps(mark.to_json(), ensure_ascii=False)
        if store.put_once(name, text.encode(), "application/json"):
            return name


def read_marks(store: ObjectStore, known: Iterable[str] = ()) -> Iterator[tuple[str, Mark]]:
    """Yield the marks with their names, in the order of time, without those that are known.

    Raises:
        ValueError: a file there is no mark; it is named.
    """
    passed_over = set(known)
    try:
        found = [each for each in store.list() if each.name.endswith(".json")]
    except FileNotFoundError:
        return
    for each in found:
        if each.name in passed_over:
            continue
        if each.size_bytes > _MOST_BYTES:
            raise ValueError(
                f"{store.uri(each.name)}: wanted a mark, got {each.size_bytes:,} bytes"
            )
        try:
            yield each.name, Mark.from_json(json.loads(store.read(each.name)))
        except ValueError as error:
            raise ValueError(f"{store.uri(each.name)}: {error}") from None


def current_tags(marks: Iterable[tuple[str, Mark]]) -> dict[str, set[str]]:
    """Return the tags that hold, by image id: of each image and tag, the newest mark counts."""
    tags: dict[str, set[str]] = {}
    for _, mark in sorted(marks, key=lambda pair: (pair[1].marked_at, pair[0])):
        for image_id in mark.image_ids:
            if mark.is_set:
                tags.setdefault(image_id, set()).add(mark.tag)
            elif image_id in tags:
                tags[image_id].discard(mark.tag)
    return {image_id: names for image_id, names in tags.items() if names}
