"""`vidset.json`: the format of a place, and what wrote it.

Every place has one, a folder and a prefix of a bucket alike. A vidset that is older than the place
refuses it; a newer one reads it, and `vidset upgrade` brings it to today's format.
"""

import json
import os
from typing import TYPE_CHECKING

from vidset.json_files import parse_json, read_object
from vidset.storage.uris import is_uri
from vidset.storage.writing import refuse_link

if TYPE_CHECKING:
    from vidset.storage.store import ObjectStore

# Rises when a place is laid out so that earlier versions of vidset would misread it.
FORMAT = 1
MARKER = "vidset.json"


def marker_text(number: int = FORMAT) -> str:
    """Return the text of a `vidset.json`: the format, and the versions of what writes it."""
    from vidset.versions import vidset_version

    marker = {
        "format": number,
        "written_by": f"vidset {vidset_version() or 'of unknown version'}",
        "decoder": _decoder(),
    }
    return json.dumps(marker) + "\n"


def read_format(place: str) -> int | None:
    """Read the number of a place's format; None where there is no `vidset.json`.

    Raises:
        ValueError: the file is damaged, or the bucket's client is not installed.
    """
    marker = f"{place}/{MARKER}"
    what = "an object with a format"
    # A bucket that cannot be opened is no damaged file.
    bucket = _in_bucket(place) if is_uri(place) else None
    try:
        if bucket is not None:
            read = parse_json(bucket.read(MARKER), marker, what)
        else:
            read = read_object(marker, what)
        found = read["format"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{marker} is damaged: wanted {what}") from None
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"{marker} is damaged: wanted a number as its format, got {found!r}")
    return found


def check_format(place: str, newest: int = FORMAT) -> None:
    """Check that this vidset can read a place.

    Raises:
        ValueError: a newer vidset wrote the place, or its `vidset.json` is damaged.
    """
    found = read_format(place)
    if found is not None and found > newest:
        raise ValueError(
            f"{place} was written by a newer vidset (format {found}, this one reads {newest}): "
            "upgrade vidset"
        )


def note_format(place: str) -> None:
    """Write `vidset.json` into a new place. One that is there stays as it is."""
    if is_uri(place):
        _in_bucket(place).put_once(MARKER, marker_text().encode(), "application/json")
        return
    from vidset.storage.folder import write_once  # Every command imports this module.

    path = os.path.join(place, MARKER)
    refuse_link(path)
    write_once(path, marker_text().encode())


def _in_bucket(place: str) -> "ObjectStore":
    from vidset.storage.open import open_store  # Every command imports this module.

    return open_store(place)


def _decoder() -> str | None:
    """Return the decoder's version; None where it is not installed. It takes no import of it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"PyAV {version('av')}"
    except PackageNotFoundError:
        return None
