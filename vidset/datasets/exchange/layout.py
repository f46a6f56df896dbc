"""The layout of a place where versions are shared, which is that of a repository."""

import hashlib

from vidset.datasets.errors import DatasetError, FaultsError, UnknownVersionError
from vidset.datasets.versions.entry import FORMATS, Entry
from vidset.storage.store import ObjectStore


def names_in(place: ObjectStore) -> dict[str, str]:
    """Read the names at the place, and the ids they stand for."""
    found = [item.name for item in place.list("names/")]
    # What is no text is no version's id, and is refused as such.
    ids = (place.read(name).decode(errors="replace").strip() for name in found)
    return {name.removeprefix("names/"): id_ for name, id_ in zip(found, ids, strict=True)}


def resolve_in(
    place: ObjectStore, names: dict[str, str], references: tuple[str, ...]
) -> tuple[str, ...]:
    """Find the ids of versions by name, id or the first digits of that; none named: all.

    Raises:
        UnknownVersionError: the place has no such version, or more than one.
    """
    ids = sorted(
        item.name.split("/")[1]
        for item in place.list("versions/")
        if item.name.endswith("/version.json")
    )
    if not references:
        return tuple(ids)
    found = []
    for reference in references:
        wanted = names.get(reference, reference)
        matching = [id_ for id_ in ids if len(wanted) >= 6 and id_.startswith(wanted)]
        if len(matching) != 1:
            what = "more than one" if matching else "no"
            known = ", ".join([*names, *ids][:10]) or "none"
            raise UnknownVersionError(
                f"{place.uri('')} has {what} version {reference!r}; it has: {known}"
            )
        found += matching
    return tuple(dict.fromkeys(found))


def image_name(image_sha256: str, image_format: str) -> str:
    """Return where an image is, relative to the place."""
    return f"images/{image_sha256[:2]}/{image_sha256}{FORMATS[image_format]}"


def checked(data: bytes, entry: Entry) -> bytes:
    """Return the data. Raises FaultsError: they are not the entry's image."""
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.image_sha256:
        raise FaultsError(
            "an image is not what its name says",
            [f"{entry.image_uri}: wanted the SHA-256 {entry.image_sha256}, got {digest}"],
        )
    return data


def read_object_of(place: ObjectStore, name: str) -> bytes:
    """Read a file of a version. Raises DatasetError: it is not there."""
    try:
        return place.read(name)
    except FileNotFoundError:
        raise DatasetError(f"{place.uri(name)}: is not there") from None
