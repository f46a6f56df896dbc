"""The tombstone of images that were removed from a version: versions/<id>/forgotten.json.

The version keeps its id, although its content has another one since: the tombstone says how many
images are gone, and which ids the content may have, so that a change by anybody else is still seen.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.json_files import read_object
from vidset.storage.writing import write_atomically

FILE = "forgotten.json"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The images that were removed from a version, counted.

    Attributes:
        images: how many.
        content_ids: the id of what is left, and before it that of what was left earlier: a run may
            have been stopped between them.
        instead: the id of the version that has what is left; None where nothing is.
        actor, at: who had them forgotten, and when, the last time.
    """

    images: int
    content_ids: tuple[str, ...]
    instead: str | None
    actor: str
    at: str


def read_forgotten(version_folder: Path) -> Forgotten | None:
    """Read a version's tombstone; None where nothing was removed.

    Raises:
        DatasetError: it is damaged.
    """
    path = version_folder / FILE
    try:
        found = read_object(path, "a tombstone", DatasetError)
        return Forgotten(**{**found, "content_ids": tuple(found["content_ids"])})
    except FileNotFoundError:
        return None
    except (KeyError, TypeError):
        raise DatasetError(f"{path}: wanted the tombstone of removed images") from None


def write_forgotten(version_folder: Path, forgotten: Forgotten) -> None:
    """Write a version's tombstone, in the place of an earlier one."""
    write_atomically(version_folder / FILE, json.dumps(asdict(forgotten), indent=1))


def is_what_is_left(version_folder: Path, content_id: str) -> bool:
    """Tell whether a content's id is that of a version from which images were removed."""
    found = read_forgotten(version_folder)
    return found is not None and content_id in found.content_ids
