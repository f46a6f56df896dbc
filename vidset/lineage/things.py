"""Finds what a person means: an image, an object, a task, a version, a run, a score, a video."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vidset.datasets.errors import DatasetError, UnknownVersionError
from vidset.datasets.versions.entry import is_hash
from vidset.json_files import read_object
from vidset.labeling.events import image_id as id_of
from vidset.lineage.records import Records
from vidset.lineage.version_rows import image_id_of
from vidset.suggestions import did_you_mean

KINDS = ("image", "object", "task", "version", "run", "score", "prediction", "video")


class _HasVideos(Protocol):
    def videos(self, uri: str) -> list[dict[str, Any]]:
        """Return the rows of the video ledger for a uri, or for the end of one."""
        ...


class UnknownThingError(ValueError):
    """Nothing in the place is called so."""


@dataclass(frozen=True, slots=True)
class ImageThing:
    """An image, by what is known of it.

    Attributes:
        image_id: of the frame ledger; None for an image that is from elsewhere.
        image_sha256: of its bytes; None for an image of which only documents are left.
        name: as it was asked for, or better.
        frame: its row in the frame ledger; None if it has none.
    """

    image_id: str | None
    image_sha256: str | None
    name: str
    frame: dict[str, Any] | None


def split_kind(thing: str) -> tuple[str | None, str]:
    """Part `run:v0-1` into its kind and its name; a thing without one of the kinds has None."""
    kind, colon, name = thing.partition(":")
    return (kind, name) if colon and name and kind in KINDS else (None, thing)


def find_image(records: Records, name: str) -> ImageThing:
    """Find an image by its id, its SHA-256, its uri, its path, or its name in a version.

    Raises:
        UnknownThingError: there is none such.
        ValueError: several are called so; each is named.
    """
    for column, value in _ways(name):
        if frames := records.frames(column, value):
            row = frames[0]
            return ImageThing(row["image_id"], row["image_sha256"], row["image_uri"], row)
    column = "image_sha256" if is_hash(name) else "image_uri"
    found = {row["image_sha256"]: row for _, row in records.entries(column, name)}
    if len(found) > 1:
        ids = ", ".join(found)
        raise ValueError(f"{name}: {len(found)} images are called so; name one by its hash: {ids}")
    if found:
        [row] = found.values()
        id_ = image_id_of(row["source"], row["image_uri"])
        frames = records.frames("image_sha256", row["origin"])
        frame = frames[0] if frames else None
        return ImageThing(
            frame["image_id"] if frame else id_, row["image_sha256"], row["image_uri"], frame
        )
    if _is_id(name):
        labeled = records.labeled(name)
        document = labeled.annotation or labeled.task
        if document is not None:
            return ImageThing(name, None, document["image_uri"], None)
    raise UnknownThingError(f"{name}: no image of this place has this id, hash, uri or name")


def find_run(records: Records, name: str) -> tuple[Path, dict[str, Any]]:
    """Find a run by its name or id; its folder and what run.json says.

    Raises:
        UnknownThingError: there is none such.
    """
    for folder in records.runs:
        details = read_object(folder / "run.json", "a run", DatasetError)
        if name in (folder.name, details.get("run_id")):
            return folder, details
    near = did_you_mean(name, [folder.name for folder in records.runs])
    raise UnknownThingError(f"{name}: no run of this place is called so.{near}")


def find_version(records: Records, name: str) -> str:
    """Find a version by its name, its id or the beginning of its id.

    Raises:
        UnknownThingError: there is none such.
    """
    if records.repository is None:
        raise UnknownThingError(f"{name}: there are no dataset versions in this place")
    try:
        return records.repository.resolve(name)
    except UnknownVersionError as error:
        raise UnknownThingError(str(error)) from None


def guess_kind(records: Records, name: str) -> str:
    """Tell what a name without a kind is: a version, a run, an image or a video, in this order.

    Raises:
        UnknownThingError: it is none of them.
    """
    tries: tuple[tuple[str, Callable[[Records, str], object]], ...] = (
        ("version", find_version),
        ("run", find_run),
        ("image", find_image),
        ("video", find_video),
    )
    for kind, find in tries:
        try:
            find(records, name)
        except UnknownThingError:
            continue
        return kind
    raise UnknownThingError(
        f"{name}: wanted a version, a run, an image or a video of {records.project.place}, and "
        f"nothing there is called so; other things have their kind before them, one of "
        f"{', '.join(KINDS)}, such as task:ID or object:IMAGE#ID"
    )


def find_video(records: "_HasVideos", name: str) -> list[dict[str, Any]]:
    """Find a video by its uri or the end of it; its rows in the ledger, one for each generation.

    Raises:
        UnknownThingError: there is none such.
        ValueError: several videos are called so; each is named.
    """
    rows = records.videos(name)
    if not rows:
        raise UnknownThingError(f"{name}: no video of this place has this uri")
    uris = sorted({row["video_uri"] for row in rows})
    if len(uris) > 1:
        raise ValueError(f"{name}: several videos are called so: {', '.join(uris[:10])}")
    return rows


def _ways(name: str) -> list[tuple[str, str]]:
    """Return the columns of the frame ledger that may have it, each with the value to look for."""
    if is_hash(name):
        return [("image_sha256", name)]
    if _is_id(name):
        return [("image_id", name)]
    below = name.partition("://")[2] if "://" in name else name
    _, _, after = below.rpartition("/images/")
    ids = [id_of(each) for each in (below, after) if each]
    return [("image_uri", name), *(("image_id", each) for each in ids)]


def _is_id(name: str) -> bool:
    return len(name) == 32 and all(each in "0123456789abcdef" for each in name)
