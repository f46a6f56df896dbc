"""Forgets images in dataset versions: their entries, measures and files; a new version is cut.

A version keeps its id. Its tombstone says how many images are gone, and what is left becomes a
version of its own, to which the names move.
"""

import io
import json
import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.datasets.rows import is_among, rows_without
from vidset.datasets.versions.forgotten import Forgotten, read_forgotten, write_forgotten
from vidset.datasets.versions.kept_measures import FILE as MEASURES
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.forgetting.journal import Journal
from vidset.forgetting.step import Work, counted
from vidset.parquet import read_parquet
from vidset.storage.writing import refuse_link, write_atomically
from vidset.versions import vidset_version

_BETWEEN_NAMES = re.compile(r"[\s,;:'\"()]+")
_LINES = ("faults", "dropped", "leaks", "overridden")


def forget_entries(work: Work) -> dict[str, int]:
    """Take the images out of all versions, and cut new versions of what is left."""
    repository, hashes = work.records.repository, work.journal.hashes
    if repository is None or not hashes:
        return {}
    entries = versions = 0
    for id_ in repository.versions():
        gone = _rows_of(repository.columns(id_, ["image_sha256", "origin"]), hashes)
        entries += gone
        versions += bool(gone)
        if not work.is_dry and (gone or _is_unfinished(repository, id_)):
            _take_out(repository, id_, work)
    return counted(entries=entries, versions=versions)


def forget_details(work: Work) -> dict[str, int]:
    """Take what names the images out of the measures and the records of all versions."""
    repository = work.records.repository
    if repository is None:
        return {}
    measures = lines = 0
    for folder in sorted(repository.root.glob("versions/*/")):
        measures += _without_measures(folder, work)
        lines += _without_lines(folder, work)
    return counted(measures=measures, lines_in_records_of_versions=lines)


def forget_version_images(work: Work) -> dict[str, int]:
    """Delete the files of the images, which no version has any more."""
    repository, number = work.records.repository, 0
    if repository is None:
        return {}
    for sha256 in sorted(work.journal.hashes):
        for path in sorted((repository.root / "images" / sha256[:2]).glob(f"{sha256}.*")):
            number += 1
            if not work.is_dry:
                refuse_link(path.parent)
                path.unlink(missing_ok=True)
    return counted(images_of_versions=number)


def affected_versions(repository: Repository | None, journal: Journal) -> list[str]:
    """Return the versions that have some of the images, or lost them by this journal."""
    if repository is None:
        return []
    found = []
    for id_ in repository.versions():
        columns = repository.columns(id_, ["image_sha256", "origin"])
        tombstone = read_forgotten(repository.root / "versions" / id_)
        lost = tombstone is not None and tombstone.at == journal.at
        if lost or _rows_of(columns, journal.hashes):
            found.append(id_)
    return found


def _rows_of(table: pa.Table, hashes: Collection[str]) -> int:
    return table.num_rows - _left(table, hashes).num_rows


def _left(table: pa.Table, hashes: Collection[str]) -> pa.Table:
    return rows_without(rows_without(table, "image_sha256", hashes), "origin", hashes)


def _is_unfinished(repository: Repository, id_: str) -> bool:
    """Tell whether a call was stopped after it took images out and before it cut a version."""
    found = read_forgotten(repository.root / "versions" / id_)
    return found is not None and found.instead is None and repository.number_of_images(id_) > 0


def _take_out(repository: Repository, id_: str, work: Work) -> None:
    """The tombstone comes first: from then on both contents are the version's."""
    folder = repository.root / "versions" / id_
    manifest, before = repository.manifest(id_), read_forgotten(folder)
    left = Manifest(_left(manifest.table, work.journal.hashes))
    # A call that was stopped here has counted them already.
    is_ahead = before is not None and manifest.id != before.content_ids[-1]
    gone = 0 if is_ahead else len(manifest) - len(left)
    tombstone = Forgotten(
        images=gone + (before.images if before else 0),
        content_ids=tuple(dict.fromkeys((manifest.id, left.id))),
        instead=None,
        actor=work.journal.actor,
        at=work.journal.at,
    )
    write_forgotten(folder, tombstone)
    measures = repository.measures(id_)
    write_atomically(folder / "manifest.parquet", left.to_parquet())
    if len(left):
        instead = _cut(repository, id_, left, measures, work)
        write_forgotten(
            folder,
            Forgotten(
                tombstone.images, tombstone.content_ids, instead, tombstone.actor, tombstone.at
            ),
        )


def _cut(repository: Repository, id_: str, left: Manifest, measures: pa.Table, work: Work) -> str:
    """Keep what is left as a version, and let it have the names."""
    wanted = left.table["image_sha256"]
    # Fixes and recipes of versions before it are found by its parents.
    before = {
        key: value
        for key, value in repository.details(id_).items()
        if key not in ("fixes", "recipe", "id")
    }
    details = {
        **before,
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "vidset_version": vidset_version(),
        "actor": work.journal.actor,
        "parents": [id_],
        "message": "what vidset forget has left of it",
        "recipe": None,
    }
    rows = measures.filter(is_among(measures["image_sha256"], wanted)).sort_by("image_sha256")
    made = repository.write_version(left, rows, details)
    for name, version in repository.names().items():
        if version == id_:
            repository.name_version(name, made, move=True, actor=work.journal.actor)
    return made


def _without_measures(folder: Path, work: Work) -> int:
    path = folder / MEASURES
    if not path.exists():
        return 0
    table = read_parquet(path)
    left = rows_without(table, "image_sha256", work.journal.hashes)
    if (number := table.num_rows - left.num_rows) and not work.is_dry:
        sink = io.BytesIO()
        pq.write_table(left.replace_schema_metadata(table.schema.metadata), sink)
        write_atomically(path, sink.getvalue())
    return number


def _without_lines(folder: Path, work: Work) -> int:
    """Clean version.json of lines about the images, of groups named by them, and of fixes."""
    path = folder / "version.json"
    if not path.exists():
        return 0
    repository = work.records.repository
    details = repository.details(folder.name) if repository else {}
    names, number = _names(work), 0
    for key in _LINES:
        lines = details.get(key) or []
        kept = [line for line in lines if not _mentions(line, names)]
        number += len(lines) - len(kept)
        if len(lines) != len(kept):
            details[key] = kept
    groups = details.get("joined_groups")
    groups = groups if isinstance(groups, dict) else {}
    clean = {k: v for k, v in groups.items() if not _mentions(f"{k} {v}", names)}
    if len(clean) != len(groups):
        number += len(groups) - len(clean)
        details["joined_groups"] = clean
    told = details.get("fixes")
    fixes = (told.get("fixes") or []) if isinstance(told, dict) else []
    kept_fixes = [
        each
        for each in fixes
        if not isinstance(each, dict) or each.get("image_sha256") not in work.journal.hashes
    ]
    if len(kept_fixes) != len(fixes):
        number += len(fixes) - len(kept_fixes)
        details["fixes"] = {**details["fixes"], "fixes": kept_fixes}
    if number and not work.is_dry:
        write_atomically(path, json.dumps(details, indent=1, sort_keys=True))
    return number


def _names(work: Work) -> frozenset[str]:
    journal = work.journal
    return journal.names | journal.hashes | frozenset(journal.image_names.values())


def _mentions(text: Any, names: frozenset[str]) -> bool:
    """Tell whether one of the names stands in a line; a part of another name does not count."""
    words = _BETWEEN_NAMES.split(str(text))
    has_word = not names.isdisjoint(words) or str(text) in names
    return has_word or any(" " in name and name in str(text) for name in names)
