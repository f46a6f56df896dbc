"""The record of what left a place: PLACE/exports.jsonl, a line for each export and each push."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from vidset.actor import login
from vidset.json_files import parse_json
from vidset.regular_files import read_regular
from vidset.rights import ANY_LICENSE, LicenseChoice
from vidset.storage.writing import append_line

FILE = "exports.jsonl"
_MOST_BYTES = 64 << 20
_OF_LICENCES = ("licenses", "other_licences")


@dataclass(frozen=True, slots=True)
class Export:
    """Images and labels that were written elsewhere.

    Attributes:
        version: the id of the dataset version; None for what was labeled at that time.
        format: of the labels; "push" for a version that went to a remote as it is.
        output: the absolute path or the uri that it was written to.
        images: how many.
        actor, at: who did it, and when (RFC 3339, UTC).
        licenses: those that it was limited to; none named: any.
        other_licences: how many images were left out for their licences, by these.
    """

    version: str | None
    format: str
    output: str
    images: int
    actor: str
    at: str
    licenses: list[str] = field(default_factory=list)
    other_licences: dict[str, int] = field(default_factory=dict)


def record_export(
    place: str,
    version: str | None,
    format_name: str,
    output: str,
    images: int,
    licenses: LicenseChoice = ANY_LICENSE,
    other_licences: Mapping[str, int] | None = None,
) -> None:
    """Add an export to the record of a place in a folder; that of a bucket has none."""
    if "://" in place:
        return
    target = (
        output if "://" in output or output.startswith("dvc:") else str(Path(output).absolute())
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    export = Export(version, format_name, target, images, login(), now)
    line = {name: value for name, value in asdict(export).items() if name not in _OF_LICENCES}
    if licenses:
        line |= {"licenses": list(licenses.names), "other_licences": dict(other_licences or {})}
    append_line(Path(place, FILE), json.dumps(line, ensure_ascii=False))


def read_exports(place: str | Path) -> list[Export]:
    """Read the record, the oldest export first; empty where nothing was exported.

    Raises:
        ValueError: a line of it is no export.
    """
    path = Path(place, FILE)
    try:
        lines = read_regular(path, _MOST_BYTES).splitlines()
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        values = parse_json(line, where, "an export")
        try:
            found.append(Export(**values))
        except TypeError:
            raise ValueError(f"{where}: wanted an export, got {line[:100]!r}") from None
    return found
