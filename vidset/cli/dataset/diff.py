"""`vidset dataset diff`."""

import json
from dataclasses import fields
from typing import Any

import pyarrow as pa

from vidset.cli.dataset.display import SHORT_ID, say, show_counts
from vidset.datasets.versions.diff import COLUMNS, Diff, Row, diff
from vidset.datasets.versions.repository import Repository
from vidset.parquet import read_parquet

_WHATS = ("added", "removed", "relabeled", "moved", "made", "unmade", "replaced")
_PER_LABEL = ("added", "removed", "relabeled_from", "relabeled_to", *_WHATS[3:])


def run_diff(
    repository: str,
    versions: tuple[str, str],
    limit: int,
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Compare and report; the exit code is 0.

    Args:
        limit: images that are named of a kind, on the screen.

    Raises:
        ValueError: there is no such version.
    """
    place = Repository(repository)
    ids = [place.resolve(version) for version in versions]
    found = diff(*(_table(place, id_) for id_ in ids))
    lineage = is_made_from(place, ids[0], ids[1])
    if as_json:
        print(json.dumps({"a": ids[0], "b": ids[1], "is_made_from": lineage, **as_object(found)}))
    elif not quiet:
        _show(found, ids, limit, lineage=lineage)
    return 0


def is_made_from(repository: Repository, ancestor: str, id_: str) -> bool:
    """Whether a version came from another one, over as many versions as may be."""
    waiting, seen = [id_], {id_}
    while waiting:
        for parent in repository.details(waiting.pop()).get("parents", []):
            if parent == ancestor:
                return True
            if parent not in seen and parent in repository.versions():
                seen.add(parent)
                waiting.append(parent)
    return False


def as_object(found: Diff) -> dict[str, Any]:
    """What `--json` prints of it: every image."""
    lists = {each.name: getattr(found, each.name) for each in fields(found)}
    named = {
        what: [_image(each) if isinstance(each, Row) else _pair(*each) for each in rows]
        for what, rows in lists.items()
        if isinstance(rows, list)
    }
    return {"counts": found.counts, "labels": found.per_label(), **named}


def _table(repository: Repository, id_: str) -> pa.Table:
    """Without a look at its id, which takes longer than all else: `verify` does that."""
    return read_parquet(repository.root / "versions" / id_ / "manifest.parquet", COLUMNS)


def _image(row: Row) -> dict[str, Any]:
    return {
        "image_sha256": row.image_sha256,
        "image_uri": row.image_uri,
        "labels": sorted(row.labels),
        "split": row.split,
    }


def _pair(before: Row, after: Row) -> dict[str, Any]:
    return {"before": _image(before), "after": _image(after)}


def _show(found: Diff, ids: list[str], limit: int, *, lineage: bool) -> None:
    a, b = (id_[:SHORT_ID] for id_ in ids)
    say(f"{a} to {b}" + (", which was made from it" if lineage else ""))
    each = (f"{number:,} {what}" for what, number in found.counts.items() if number)
    say(", ".join(each) or "no images")
    per_label = found.per_label()
    columns = [what for what in _PER_LABEL if any(what in row for row in per_label.values())]
    if per_label:
        show_counts(per_label, columns)
    for what in _WHATS:
        rows = getattr(found, what)
        if rows and limit:
            say(f"{what}:")
            for row in rows[:limit]:
                say(f"  {_line(row) if isinstance(row, Row) else _pair_line(*row)}")
            if len(rows) > limit:
                say(f"  ... and {len(rows) - limit:,} more: --json names all")


def _line(row: Row) -> str:
    return f"{row.image_uri} ({row.split}): {_labels(row)}"


def _pair_line(before: Row, after: Row) -> str:
    labels = _labels(after)
    if before.labels != after.labels:
        labels = f"{_labels(before)} -> {labels}"
    split = after.split
    if before.split != after.split:
        split = f"{before.split} -> {split}"
    return f"{after.image_uri} ({split}): {labels}"


def _labels(row: Row) -> str:
    return ", ".join(sorted(row.labels)) or "nothing in it"
