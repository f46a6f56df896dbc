"""Dataset versions and their entries as rows of the warehouse."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import label_names
from vidset.datasets.versions.forgotten import read_forgotten
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Naming, Repository
from vidset.labeling.events import image_id as id_of
from vidset.rights import Rights

Row = dict[str, Any]
_ENTRY = (
    *("image_sha256", "image_uri", "split", "label", "objects", "group", "origin", "parent"),
    *("made_by", "source", "collector_id", "video_uri", "pts_seconds", "rights"),
)
_AS_THEY_ARE = (
    *("image_sha256", "image_uri", "split", "label", "origin", "parent", "made_by", "source"),
    *("collector_id", "video_uri", "pts_seconds"),
)


def version_row(repository: Repository, id_: str, names: list[str], namings: list[Naming]) -> Row:
    """Return the row of `versions` for a version.

    Args:
        names: those that stand for it now.
        namings: who gave which name to which version, of the whole repository.

    Raises:
        DatasetError: its version.json cannot be read, or does not say when it was made.
    """
    details = repository.details(id_)
    created_at = _time_of(details, id_)
    named = [time_in(each.at) for each in namings if id_ in (each.version, each.before)]
    recipe = details.get("recipe")
    forgotten = read_forgotten(repository.root / "versions" / id_)
    named += [time_in(forgotten.at)] if forgotten else []
    return {
        "version": id_,
        "names": sorted(names),
        "created_at": created_at,
        "actor": details.get("actor"),
        "message": details.get("message") or None,
        "parents": list(details.get("parents") or ()),
        "recipe": None if recipe is None else json.dumps(recipe, sort_keys=True),
        "images": repository.number_of_images(id_),
        "forgotten": forgotten.images if forgotten else 0,
        "vidset_version": details.get("vidset_version"),
        "changed_at": max([created_at, *named]),
    }


def entry_rows(repository: Repository, id_: str) -> Iterator[Row]:
    """Yield the rows of `entries` for a version, in the order of its manifest.

    Raises:
        DatasetError: its files cannot be read.
    """
    created_at = _time_of(repository.details(id_), id_)
    for batch in repository.columns(id_, list(_ENTRY)).to_batches(max_chunksize=1_000):
        for row in batch.to_pylist():
            drawn = row["objects"]
            yield {
                **{name: row[name] for name in _AS_THEY_ARE},
                "version": id_,
                "image_id": image_id_of(row["source"], row["image_uri"]),
                "labels": label_names(row["label"], drawn),
                "objects": None if drawn is None else len(documents_in(drawn)),
                "group_name": row["group"],
                "created_at": created_at,
                **Rights.from_json(row["rights"]).columns(),
            }


def image_id_of(source: str, image_uri: str) -> str | None:
    """Return the id that the frame ledger has for a version's image; None if it is from elsewhere.

    A version names an image of a place in a folder by its path below `images`, and one of a bucket
    by its uri.
    """
    if source != "warehouse":
        return None
    return id_of(image_uri.partition("://")[2] or image_uri)


def time_in(text: str) -> datetime:
    """Read a time; one without a zone is in UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _time_of(details: Mapping[str, Any], id_: str) -> datetime:
    try:
        return time_in(details["created_at"])
    except (KeyError, TypeError, ValueError):
        got = details.get("created_at")
        raise DatasetError(
            f"version {id_}: version.json: wanted a time as created_at, got {got!r}"
        ) from None
