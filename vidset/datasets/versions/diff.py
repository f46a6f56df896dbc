"""Compares two versions: images, labels, splits, rights."""

import gc
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.rows import rows_with, rows_without
from vidset.datasets.versions.changes import changes
from vidset.datasets.versions.entry import label_names
from vidset.datasets.versions.objects import content_of
from vidset.datasets.versions.repository import Repository
from vidset.rights import FIELDS, Rights

COLUMNS = ["image_sha256", "image_uri", "label", "objects", "split", "origin", "rights"]


class Row(NamedTuple):
    """The part of an entry that is compared. A tuple is made in a fifth of the time."""

    image_sha256: str
    image_uri: str
    label: str | None
    objects: str | None
    split: str
    origin: str
    rights: str | None

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label_names(self.label, self.objects))

    @property
    def said(self) -> tuple[str | None, tuple[str, ...] | None]:
        """Returns what a person said of the image, whatever its objects' order and ids."""
        return self.label, content_of(self.objects)

    def to_dict(self) -> dict[str, Any]:
        """Returns it as `--json` gives it."""
        return {
            "image_sha256": self.image_sha256,
            "image_uri": self.image_uri,
            "labels": sorted(self.labels),
            "split": self.split,
            "rights": Rights.from_json(self.rights).told(),
        }


Pair = tuple[Row, Row]


@dataclass(slots=True)
class Diff:
    """The difference from version A to version B.

    Attributes:
        added: images of B that A has nothing of.
        removed: images of A that B has nothing of.
        relabeled, moved: an image in A and what is of it in B, with other labels; in another split.
        restated: an image in A and what is of it in B, of which other rights are stated.
        made: an image of A, and another picture in B that was made from the same collected image.
        unmade: pictures that were made for A and are gone, while B has others of the same image.
        replaced: an image of A, and other bytes that B has under its uri.
        unchanged: how many images are in both as they were.
    """

    added: list[Row] = field(default_factory=list)
    removed: list[Row] = field(default_factory=list)
    relabeled: list[Pair] = field(default_factory=list)
    moved: list[Pair] = field(default_factory=list)
    restated: list[Pair] = field(default_factory=list)
    made: list[Pair] = field(default_factory=list)
    unmade: list[Row] = field(default_factory=list)
    replaced: list[Pair] = field(default_factory=list)
    unchanged: int = 0

    @property
    def counts(self) -> dict[str, int]:
        lists = {each.name: getattr(self, each.name) for each in fields(self)}
        return {n: len(found) if isinstance(found, list) else found for n, found in lists.items()}

    def per_label(self) -> dict[str, dict[str, int]]:
        """Counts the images of each label, sorted; one with objects counts once for each label.

        `relabeled_from` lost the label, `relabeled_to` got it.
        """
        counts: dict[str, Counter[str]] = {}

        def count(what: str, labels: frozenset[str]) -> None:
            for label in labels:
                counts.setdefault(label, Counter())[what] += 1

        for what in "added", "removed", "unmade":
            for row in getattr(self, what):
                count(what, row.labels)
        for what in "moved", "restated", "made", "replaced":
            for _, after in getattr(self, what):
                count(what, after.labels)
        for before, after in self.relabeled:
            count("relabeled_from", before.labels - after.labels)
            count("relabeled_to", after.labels - before.labels)
        return {label: dict(counts[label]) for label in sorted(counts)}

    def to_dict(self) -> dict[str, Any]:
        """Returns for JSON the counts, in all and by label, and every image."""
        lists = {each.name: getattr(self, each.name) for each in fields(self)}
        named = {
            what: [each.to_dict() if isinstance(each, Row) else _pair(*each) for each in rows]
            for what, rows in lists.items()
            if isinstance(rows, list)
        }
        return {"counts": self.counts, "labels": self.per_label(), **named}


def diff_versions(repository: Repository, a: str, b: str) -> Diff:
    """Compare two versions by their ids."""
    return diff(repository.columns(a, COLUMNS), repository.columns(b, COLUMNS))


def diff(a: pa.Table, b: pa.Table) -> Diff:
    """Compare two manifests' tables; of each, `COLUMNS` are enough.

    An image of B is looked for in A by bytes and uri, by bytes alone, by the collected image that
    it was made from, and by its uri, in this order. Linear in the number of images.
    """
    with _without_collector():
        return _diff(a, b)


def _diff(a: pa.Table, b: pa.Table) -> Diff:
    changed_a, changed_b = _without_equals(a, b), _without_equals(b, a)
    found = Diff(unchanged=a.num_rows - changed_a.num_rows)
    rest_a, rest_b = _rows(changed_a), _rows(changed_b)
    for key in (lambda row: (row.image_sha256, row.image_uri)), (lambda row: row.image_sha256):
        pairs, rest_a, rest_b = _matched(rest_a, rest_b, key)
        for before, after in pairs:
            is_relabeled = before.said != after.said
            _compare(found, before, after, is_relabeled=is_relabeled)
            is_as_it_was = before.split == after.split and before.rights == after.rights
            found.unchanged += not is_relabeled and is_as_it_was
    new = _find_made(found, a, rest_b)
    stands_for = {before for before, _ in found.made}
    origins = set(b["origin"].to_pylist())
    gone = []
    for row in rest_a:
        if row.image_sha256 != row.origin and row.origin in origins:
            found.unmade += [row] if row not in stands_for else []
        elif row not in stands_for:
            gone.append(row)
    found.replaced, found.removed, found.added = _matched(gone, new, lambda row: row.image_uri)
    for before, after in found.replaced:
        _compare(found, before, after, is_relabeled=_has_other_labels(before, after))
    return found


def _pair(before: Row, after: Row) -> dict[str, Any]:
    changed = changes((before.label, before.objects), (after.label, after.objects))
    changed += _other_rights(before, after)
    return {"before": before.to_dict(), "after": after.to_dict(), "changes": changed}


def _other_rights(before: Row, after: Row) -> list[str]:
    """A line for each statement that is another one now."""
    if before.rights == after.rights:
        return []
    pairs = [Rights.from_json(each.rights).columns() for each in (before, after)]
    return [
        f"{name}: {pairs[0][name] or 'not stated'} -> {pairs[1][name] or 'not stated'}"
        for name in FIELDS
        if pairs[0][name] != pairs[1][name]
    ]


def _find_made(found: Diff, a: pa.Table, rest: list[Row]) -> list[Row]:
    """Puts other pictures of A's images into `found`. Returns the others of the rest."""
    wanted = pa.array([row.origin for row in rest], pa.string())
    before_all = _rows(rows_with(a, "origin", wanted))
    by_origin = {row.origin: row for row in reversed(before_all)}
    by_origin_and_uri = {(row.origin, row.image_uri): row for row in reversed(before_all)}
    known = {row.image_sha256 for row in before_all}
    new = []
    for row in rest:
        before = by_origin_and_uri.get((row.origin, row.image_uri)) or by_origin.get(row.origin)
        if before is None or row.image_sha256 in known:  # The latter: an image once more.
            new.append(row)
        else:
            found.made.append((before, row))
            _compare(found, before, row, is_relabeled=_has_other_labels(before, row))
    return new


def _has_other_labels(before: Row, after: Row) -> bool:
    """Whatever the shapes are: another picture has them elsewhere."""
    return before.labels != after.labels


def _compare(found: Diff, before: Row, after: Row, *, is_relabeled: bool) -> None:
    if is_relabeled:
        found.relabeled.append((before, after))
    if before.split != after.split:
        found.moved.append((before, after))
    if before.rights != after.rights:
        found.restated.append((before, after))


def _matched(
    a: Sequence[Row], b: Sequence[Row], key: Callable[[Row], Hashable]
) -> tuple[list[Pair], list[Row], list[Row]]:
    """Rows of equal keys in pairs, each once; the rest of both."""
    waiting: dict[Hashable, list[Row]] = {}
    for row in reversed(a):
        waiting.setdefault(key(row), []).append(row)
    pairs, rest = [], []
    for row in b:
        same = waiting.get(key(row))
        if same:
            pairs.append((same.pop(), row))
        else:
            rest.append(row)
    left = {id(row) for rows in waiting.values() for row in rows}
    return pairs, [row for row in a if id(row) in left], rest


def _without_equals(table: pa.Table, other: pa.Table) -> pa.Table:
    """The rows that are not in the other table in the same way."""
    keys = [
        pc.call_function(
            "binary_join_element_wise",
            [*(each[name] for name in COLUMNS), "\x1f"],
            pc.JoinOptions(null_handling="replace", null_replacement="\0"),
        )
        for each in (table, other)
    ]
    return rows_without(table.append_column("key", keys[0]), "key", keys[1])


def _rows(table: pa.Table) -> list[Row]:
    return list(map(Row, *(table[name].to_pylist() for name in COLUMNS)))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing here refers to itself, and looking for what does takes twice the time of the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
