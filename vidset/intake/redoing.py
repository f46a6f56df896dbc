"""Videos that are extracted again, and the images of theirs that have labels."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from vidset.elements import Extraction, FrameRow
from vidset.labeling.stores.opening import open_store as open_labels
from vidset.labeling.stores.store import Key
from vidset.naming import image_id
from vidset.storage.store import ObjectStore
from vidset.versions import vidset_version

KINDS = ("failed", "partial", "outdated")
# Tasks in these states have cost somebody's money or work.
_AT_WORK = frozenset({"dispatched", "completed"})
_KEYS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Redo:
    """The choice of videos that are extracted again although the ledger has them.

    Attributes:
        kinds: of `KINDS`. Outdated rows were written by an older vidset, by an older decoder or
            with other settings.

    Raises:
        ValueError: there is no such kind.
    """

    kinds: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if unknown := sorted(self.kinds - set(KINDS)):
            raise ValueError(f"--redo must be {', '.join(KINDS)}; got {', '.join(unknown)}")

    def wants(self, row: Mapping[str, Any], settings_id: str) -> bool:
        """Returns whether the video of this row of the ledger is to be extracted again."""
        return row["status"] in self.kinds or (
            "outdated" in self.kinds and _is_outdated(row, settings_id)
        )


def _is_outdated(row: Mapping[str, Any], settings_id: str) -> bool:
    from vidset.video.containers import decoder_version  # It loads the decoder.

    return (
        row["settings_id"] != settings_id
        or _is_older(row.get("vidset_version"), vidset_version())
        or _is_older(row.get("decoder_version"), decoder_version())
    )


def _is_older(that: str | None, this: str | None) -> bool:
    """Returns whether `that` is older; rows from before there were versions are older than all."""
    if that is None or this is None:
        return this is not None
    return _numbers(that) < _numbers(this)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


class Labels:
    """Tells which images have labels, or a task that somebody works on.

    Args:
        uri: of the store of tasks and annotations; None: there is none.
    """

    def __init__(self, uri: str | None):
        self._uri = uri

    def among(self, ids: Iterable[str]) -> frozenset[str]:
        """Return those of these images that have some."""
        wanted, uri = sorted(set(ids)), self._uri
        if uri is None or not wanted:
            return frozenset()
        if uri.startswith("sqlite:") and not os.path.exists(uri.removeprefix("sqlite:")):
            return frozenset()
        store, found = open_labels(uri), set[str]()
        try:
            for start in range(0, len(wanted), _KEYS_AT_ONCE):
                some = wanted[start : start + _KEYS_AT_ONCE]
                keys: list[Key] = [("annotations", each) for each in some]
                annotations = store.get(*keys)
                keys = [("tasks", each) for each in some]
                tasks = store.get(*keys)
                found.update(each.id for each in annotations if each is not None)
                found.update(
                    each.id
                    for each in tasks
                    if each is not None and each.document.get("state") in _AT_WORK
                )
        finally:
            store.close()
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The files that an earlier run left of a video that is extracted again.

    Attributes:
        names: of its images, by id.
        labeled: those of them that have labels: they stay as they are.
        rows: the frames' rows of the labeled ones.
        has_rows: whether there were frames' rows at all.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    labeled: frozenset[str] = frozenset()
    rows: tuple[FrameRow, ...] = ()
    has_rows: bool = False

    @property
    def replaceable(self) -> frozenset[str]:
        """The names of the images that may be replaced or deleted."""
        return frozenset(name for each, name in self.names.items() if each not in self.labeled)

    @property
    def labeled_names(self) -> tuple[str, ...]:
        return tuple(sorted(self.names.get(each, each) for each in self.labeled))

    def clear(self, images: ObjectStore, anew: Extraction) -> None:
        """Delete the images that are not among the new ones."""
        new = {row.image_id for row in anew.frames}
        for each, name in self.names.items():
            if each not in new and each not in self.labeled:
                images.delete(name)

    def merged(self, anew: Extraction) -> Extraction:
        """Return the new rows, and beside them those of labeled images that they lack."""
        known = {row.image_id for row in anew.frames}
        settings_id = anew.video.settings_id
        kept = {
            row.pts_seconds: replace(row, settings_id=settings_id)
            for row in self.rows
            if row.image_id not in known
        }
        others = [row for row in anew.frames if row.pts_seconds not in kept]
        frames = sorted([*others, *kept.values()], key=lambda row: row.pts_seconds)
        video = replace(
            anew.video, samples=len(frames), kept=sum(row.image_id is not None for row in frames)
        )
        return Extraction(video, tuple(frames), replaces=True)


def earlier(rows: Iterable[Mapping[str, Any]], images: ObjectStore, labels: Labels) -> Earlier:
    """Look at the frames' rows that a ledger has of a video."""
    rows = list(rows)
    with_images = {row["image_id"]: row for row in rows if row["image_id"] is not None}
    labeled = labels.among(with_images)
    columns = [each.name for each in fields(FrameRow)]
    names = {each: _name(row, images) for each, row in with_images.items()}
    return Earlier(
        {each: name for each, name in names.items() if name is not None},
        labeled,
        tuple(
            FrameRow(**{name: row[name] for name in columns if name in row})
            for each, row in with_images.items()
            if each in labeled
        ),
        has_rows=bool(rows),
    )


def _name(row: Mapping[str, Any], images: ObjectStore) -> str | None:
    """Return the image's name below the images, wherever they were when the row was written.

    None: it is not among these images.
    """
    segments = row["image_uri"].split("/")
    names = ("/".join(segments[start:]) for start in range(len(segments) - 1, -1, -1))
    return next((name for name in names if image_id(images.place(name)) == row["image_id"]), None)
