"""Tags: what a person marks on images, such as "to label", kept beside the dataset.

PLACE/tags/<time>-<8 hex digits>.json is one mark: who put a tag on which images, or took it off,
and when. Marks are only ever added, so that several people at once lose none; what holds is the
newest mark of each image and tag.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vidset.storage.store import ObjectStore, StoredObject
from vidset.threads import in_order

FOLDER = "tags"
# The page offers these; any other may be typed.
SUGGESTED = ("to label", "leave out", "look again")
_TAG = re.compile(r"[\w][\w .:/+-]{0,59}")
_IMAGE_ID = re.compile(r"[0-9a-f]{32}")
_MOST_BYTES = 64 << 20
_THREADS = 16


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


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A choice of images by their tags.

    Attributes:
        wanted: an image has to have one of these, unless there are none here.
        unwanted: an image must have none of these.
    """

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def takes(self, tags: set[str]) -> bool:
        has_wanted = not self.wanted or not tags.isdisjoint(self.wanted)
        return has_wanted and tags.isdisjoint(self.unwanted)

    def to_sql(self) -> str:
        """Return the condition on the column `tags`, for DuckDB and BigQuery alike.

        No tag has a quote or a vertical bar in it: see `check_tag`.
        """
        marked = "CONCAT('|', ARRAY_TO_STRING(tags, '|'), '|')"
        has = [f"STRPOS({marked}, '|{check_tag(tag)}|') > 0" for tag in self.wanted]
        has_not = [f"STRPOS({marked}, '|{check_tag(tag)}|') = 0" for tag in self.unwanted]
        return " AND ".join([f"({' OR '.join(has)})"] * bool(has) + has_not) or "TRUE"

    def check(self, known: Iterable[str]) -> None:
        """Refuse a tag that was mistyped.

        Args:
            known: the tags that images have.

        Raises:
            ValueError: no image has a tag that is named. A tag that the page offers may be left
                out before anybody has used it.
        """
        there = set(known)
        for tag in self.wanted:
            if tag not in there:
                raise ValueError(_no_such_tag("--tag", tag, there))
        for tag in self.unwanted:
            if tag not in there.union(SUGGESTED):
                raise ValueError(_no_such_tag("--without-tag", tag, there))


ALL_IMAGES = TagChoice()


def _no_such_tag(option: str, tag: str, known: set[str]) -> str:
    there = ", ".join(map(repr, sorted(known)[:10])) or "none yet"
    return f"{option} {tag!r}: no image has this tag; the tags of this place are: {there}"


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

    def read(each: StoredObject) -> tuple[str, Mark]:
        try:
            if each.size_bytes > _MOST_BYTES:
                raise ValueError(f"wanted a mark, got {each.size_bytes:,} bytes")
            return each.name, Mark.from_json(json.loads(store.read(each.name)))
        except ValueError as error:
            raise ValueError(f"{store.uri(each.name)}: {error}") from None

    try:
        found = [each for each in store.list() if each.name.endswith(".json")]
    except FileNotFoundError:
        return
    # Each is a request of its own where the place is in a bucket.
    yield from in_order(read, (each for each in found if each.name not in passed_over), _THREADS)


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


def choose(store: ObjectStore, choice: TagChoice) -> Callable[[str], bool]:
    """Return a function that tells by its id whether an image is wanted.

    Raises:
        ValueError: no image has a tag that is named, or a file there is no mark.
    """
    if choice == ALL_IMAGES:
        return lambda _: True
    tags = current_tags(read_marks(store))
    choice.check(each for names in tags.values() for each in names)
    return lambda image_id: choice.takes(tags.get(image_id, set()))
