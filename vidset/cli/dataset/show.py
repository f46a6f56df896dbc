"""`vidset dataset list` and `show`."""

import json
from dataclasses import asdict
from typing import Any

from vidset.cli.dataset.counts import show_labels
from vidset.cli.dataset.display import SHORT_ID, say
from vidset.datasets.versions.counts import label_counts
from vidset.datasets.versions.listing import list_versions, names_by_id
from vidset.datasets.versions.repository import Repository

_LISTED = 5


def run_list(repository: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """The versions, oldest first; the exit code is 0."""
    versions = [asdict(each) for each in list_versions(Repository(repository))]
    if as_json:
        print(json.dumps({"versions": versions}))
    elif not quiet:
        for version in versions:
            say(_line(version))
        if not versions:
            say(f"{repository}: no versions")
    return 0


def run_show(repository: str, reference: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """A version; the exit code is 0.

    Raises:
        ValueError: there is none such, or its manifest was changed.
    """
    place = Repository(repository)
    id_ = place.resolve(reference)
    images, details = place.manifest(id_), place.details(id_)
    labels = label_counts(images.table)
    names = names_by_id(place).get(id_, [])
    if as_json:
        found = {"images": len(images), "splits": images.splits, "labels": labels, "names": names}
        print(json.dumps({**details, **found}))
    elif not quiet:
        say(_line({**details, "names": names, "images": len(images)}))
        for parent in details.get("parents", []):
            say(f"made from {parent[:SHORT_ID]}")
        show_labels(images)
        for kind, number in details.get("left_out", {}).items():
            say(f"left out: {number:,} x {kind}")
        for what in "faults", "dropped", "leaks":
            _show_some(what, details.get(what, []))
    return 0


def _line(version: dict[str, Any]) -> str:
    names = ", ".join(version["names"])
    parts = [
        version["id"][:SHORT_ID],
        str(version.get("created_at", ""))[:19],
        f"{version['images']:>8,} images",
        names,
        version.get("message", ""),
    ]
    return "  ".join(part for part in parts if part)


def _show_some(what: str, lines: list[str]) -> None:
    if lines:
        say(f"{what}: {len(lines):,}, such as")
        for line in lines[:_LISTED]:
            say(f"  {line}")
