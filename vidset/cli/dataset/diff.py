"""`vidset dataset diff`."""

import json

from vidset.cli.dataset.display import SHORT_ID, say, show_counts
from vidset.datasets.versions.ancestors import is_made_from
from vidset.datasets.versions.changes import changes
from vidset.datasets.versions.diff import Diff, Row, diff_versions
from vidset.datasets.versions.repository import Repository

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
    ids = (place.resolve(versions[0]), place.resolve(versions[1]))
    found = diff_versions(place, *ids)
    lineage = is_made_from(place, ids[0], ids[1])
    if as_json:
        print(json.dumps({"a": ids[0], "b": ids[1], "is_made_from": lineage, **found.to_dict()}))
    elif not quiet:
        _show(found, ids, limit, lineage=lineage)
    return 0


def _show(found: Diff, ids: tuple[str, str], limit: int, *, lineage: bool) -> None:
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
    changed = changes((before.label, before.objects), (after.label, after.objects))
    labels = "; ".join(changed) or _labels(after)
    split = after.split
    if before.split != after.split:
        split = f"{before.split} -> {split}"
    return f"{after.image_uri} ({split}): {labels}"


def _labels(row: Row) -> str:
    return ", ".join(sorted(row.labels)) or "nothing in it"
