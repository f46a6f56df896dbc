"""Says where labels come from: fields of ours in files, which other tools pass over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vidset.formats.format import ImageLabels
from vidset.formats.xml_files import as_number
from vidset.labeling.timestamps import format_timestamp, parse_timestamp
from vidset.rights import FIELDS, Rights

_MOST_SECONDS = 1e12
_TEXTS = ("annotator", "image_id", "video_uri", "collector_id")


def origin_fields(labels: ImageLabels, rights: Rights | None = None) -> dict[str, Any]:
    """Return who said it and when, of which revision and image, and what is stated of it.

    Args:
        rights: instead of the image's own.
    """
    fields: dict[str, Any] = {name: getattr(labels, name) for name in _TEXTS}
    fields["updated_at"] = labels.updated_at and format_timestamp(labels.updated_at)
    fields["revision"], fields["pts_seconds"] = labels.revision, labels.pts_seconds
    fields |= (labels.rights if rights is None else rights).told()
    return {name: value for name, value in fields.items() if value not in (None, "")}


def origin_of(part: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the same as arguments of `ImageLabels`.

    Raises:
        ValueError: the time has no zone, or what is stated of the image is too long.
    """
    found: dict[str, Any] = {
        name: part[name] for name in _TEXTS if isinstance(part.get(name), str) and part[name]
    }
    revision, pts = part.get("revision"), part.get("pts_seconds")
    if isinstance(revision, int) and not isinstance(revision, bool):
        found["revision"] = revision
    if isinstance(pts, int | float) and not isinstance(pts, bool) and abs(pts) < _MOST_SECONDS:
        found["pts_seconds"] = float(pts)
    if any(part.get(name) for name in FIELDS):
        found["rights"] = rights_in(part, place)
    if updated_at := said_at(part, f"{place}: updated_at"):
        found["updated_at"] = updated_at
    return found


def with_numbers(said: Mapping[str, str], place: str) -> dict[str, Any]:
    """The fields of a file that has texts alone, with what are numbers read as such.

    Raises:
        ValueError: one that should be a number is none.
    """
    found: dict[str, Any] = dict(said)
    for name, kind in ("revision", int), ("pts_seconds", float):
        if name in found:
            found[name] = kind(as_number(found[name], f"{place}: {name}"))
    return found


def rights_in(part: Mapping[str, Any], place: str) -> Rights:
    """Return what a part of a file states of an image.

    Raises:
        ValueError: it is too long.
    """
    try:
        return Rights.of(part)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def said_at(part: Mapping[str, Any], place: str) -> datetime | None:
    """Raises ValueError: it is no time with its zone."""
    updated_at = part.get("updated_at")
    if not updated_at:
        return None
    try:
        return parse_timestamp(str(updated_at))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
