"""Checks what came from somebody else's repository, before any of it is kept.

The id covers the manifest alone. So the manifest is compared with the id, images with the hashes in
the manifest, and the measures are made again here. version.json tells where a version came from;
nothing can prove that, but it has the right shape, and it cannot pass for another version.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.images.measures import SCHEMA
from vidset.datasets.versions.entry import FORMATS
from vidset.datasets.versions.manifest import Manifest
from vidset.json_files import parse_json
from vidset.rights import Rights

_ID = re.compile(r"[0-9a-f]{32}")
_HASH = "^[0-9a-f]{64}$"
_SHAPES: dict[str, tuple[type, ...]] = {
    "created_at": (str,),
    "message": (str,),
    "vidset_version": (str, type(None)),
    "actor": (str,),
    "parents": (list,),
    "recipe": (dict, str, type(None)),
    "transforms": (list, type(None)),
    "shares": (dict,),
    "joined_groups": (dict,),
    "left_out": (dict,),
    "faults": (list,),
    "dropped": (list,),
    "leaks": (list,),
    "label_order": (list, type(None)),
}
_OF_TEXTS = ("parents", "faults", "dropped", "leaks", "label_order")


def read_manifest(data: bytes, source: str, id_: str) -> Manifest:
    """Read the manifest of a version from elsewhere.

    Raises:
        FaultsError: it is the manifest of another version.
        DatasetError: it cannot be read, or a row names an image by something else than its hash.
    """
    try:
        manifest = Manifest.from_parquet(data)
    except (ValueError, pa.ArrowException) as error:
        raise DatasetError(f"{source}: its manifest cannot be read: {error}") from None
    if manifest.id != id_:
        raise FaultsError(
            f"{source}: its manifest is not that version",
            [f"its content has the id {manifest.id}"],
        )
    check_rows(manifest, source)
    return manifest


def check_rows(manifest: Manifest, source: str) -> None:
    """Refuse rows that an honest vidset does not write.

    Raises:
        DatasetError: a hash is no 64 hex digits, rights are none, or an image has no size or an
            unknown format.
    """
    table = manifest.table
    for name in ("image_sha256", "origin", "parent"):
        is_hash = pc.call_function(
            "match_substring_regex", [table[name]], pc.MatchSubstringOptions(_HASH)
        )
        if (place := is_hash.index(False).as_py()) >= 0:
            got = table[name][place].as_py()
            raise DatasetError(f"{source}: {name}: wanted 64 hex digits, got {got[:100]!r}")
    for name in ("width", "height"):
        least = pc.call_function("min", [table[name]]).as_py()
        if least is not None and least < 1:
            raise DatasetError(f"{source}: {name}: wanted at least 1, got {least}")
    for text in table["rights"].unique().to_pylist():
        try:
            Rights.from_json(text)
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{source}: rights: {error}") from None
    if unknown := set(table["image_format"].unique().to_pylist()) - FORMATS.keys():
        raise DatasetError(
            f"{source}: image_format: wanted one of {sorted(FORMATS)}, got {min(unknown)[:100]!r}"
        )


def read_details(data: bytes, source: str, id_: str) -> dict[str, Any]:
    """Read the version.json of a version from elsewhere.

    Raises:
        DatasetError: it is no such file, or belongs to another version.
    """
    details = parse_json(data, source, "an object", DatasetError)
    if not isinstance(details, dict):
        raise DatasetError(f"{source}: wanted an object, got {type(details).__name__}")
    if details.get("id", id_) != id_:
        raise DatasetError(f"{source}: id: wanted {id_}, got {str(details['id'])[:100]!r}")
    check_details(details, source, id_)
    return details


def check_details(details: Mapping[str, Any], source: str, id_: str) -> None:
    """Refuse details of another shape than vidset writes.

    Raises:
        DatasetError: a value has another type, or a parent is no id of another version.
    """
    for name, kinds in _SHAPES.items():
        value = details.get(name, None if type(None) in kinds else kinds[0]())
        if not isinstance(value, kinds):
            wanted = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)
            raise DatasetError(f"{source}: {name}: wanted {wanted}, got {type(value).__name__}")
    for name in _OF_TEXTS:
        for value in details.get(name) or ():
            if not isinstance(value, str):
                raise DatasetError(f"{source}: {name}: wanted texts, got {type(value).__name__}")
    for parent in details.get("parents", ()):
        if not _ID.fullmatch(parent) or parent == id_:
            raise DatasetError(
                f"{source}: parents: wanted ids of other versions, got {parent[:100]!r}"
            )
    if "created_at" in details:
        try:
            datetime.fromisoformat(details["created_at"])
        except ValueError:
            got = details["created_at"][:100]
            raise DatasetError(f"{source}: created_at: wanted a time, got {got!r}") from None


def measures_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return measures, in any order, as a version keeps them."""
    return pa.Table.from_pylist(list(map(dict, rows)), SCHEMA).sort_by("image_sha256")
