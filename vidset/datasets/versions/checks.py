"""Keeps what was found wrong with a version, so that whoever asks later need not look again.

ROOT/.cache/checks/<id>.json, written by whatever has looked: `dataset create` and `dataset check`.
What the schema did not expect counts for as long as the schema is the same. Like all of .cache, the
files may be deleted: then nobody has looked.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.json_files import read_object
from vidset.regular_files import read_regular
from vidset.storage.writing import write_atomically

_FOLDER = ".cache/checks"
_NAMED, _LONGEST = 20, 500


@dataclass(frozen=True, slots=True)
class Found:
    """Lines about one kind of thing: how many there are, and the first of them."""

    count: int
    named: list[str]

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Found":
        return cls(len(lines), [line[:_LONGEST] for line in lines[:_NAMED]])


@dataclass(frozen=True, slots=True)
class Checks:
    """The findings about a version; None where nobody has looked.

    Attributes:
        anomalies: what the schema in force does not expect.
        leaks: images that are on several sides, or have the same pixels and other labels.
    """

    anomalies: Found | None = None
    leaks: Found | None = None


def note_checks(
    root: Path,
    id_: str,
    *,
    anomalies: Sequence[str] | None = None,
    leaks: Sequence[str] | None = None,
) -> None:
    """Keep what was found; None leaves what is known already. A folder that is read-only stays so.

    Raises:
        DatasetError: what is there is no record of checks.
    """
    path = _path(root, id_)
    said = _read(path)
    if anomalies is not None:
        said["anomalies"] = {**asdict(Found.of(anomalies)), "schema": _schema_hash(root)}
    if leaks is not None:
        said["leaks"] = asdict(Found.of(leaks))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(said, indent=1, ensure_ascii=False).encode())
    except OSError:  # Read-only, or full: the next one looks again.
        return


def read_checks(root: Path, id_: str) -> Checks:
    """Return what was found the last time that somebody looked.

    Raises:
        DatasetError: the file is no record of checks.
    """
    path = _path(root, id_)
    said = _read(path)
    anomalies, leaks = said.get("anomalies"), said.get("leaks")
    try:
        is_of_schema = bool(anomalies) and anomalies["schema"] == _schema_hash(root)
        return Checks(
            anomalies=_found(anomalies) if is_of_schema else None,
            leaks=_found(leaks) if leaks else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: wanted counts and lines of checks: {error!r}") from None


def _found(said: Any) -> Found:
    return Found(int(said["count"]), [str(line) for line in said["named"]])


def _path(root: Path, id_: str) -> Path:
    return root / _FOLDER / f"{id_}.json"


def _read(path: Path) -> dict[str, Any]:
    return read_object(path, "a record of checks", DatasetError) if path.is_file() else {}


def _schema_hash(root: Path) -> str:
    try:
        return hashlib.sha256(read_regular(root / "schema.json")).hexdigest()
    except FileNotFoundError:
        return ""
