"""The schema in a repository's folder, and versions against it.

ROOT/schema.json             the one in force
ROOT/schemas/<number>.json   those before it
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.schema.anomalies import Anomaly, find_anomalies
from vidset.datasets.schema.schema import Schema, Thresholds, infer
from vidset.datasets.schema.statistics import describe
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.json_files import parse_json, read_json
from vidset.regular_files import read_regular


def read_schema(repository: Repository) -> Schema:
    """The schema in force. Where there is none yet, it is frozen now at the oldest version.

    Raises:
        DatasetError: the file is no schema, or there is no version.
    """
    path = schema_path(repository)
    if path.exists():
        return _read(path)
    versions = repository.versions()
    if not versions:
        raise DatasetError(f"{repository.root}: wanted a version to freeze a schema at, got none")
    return freeze_schema(repository, versions[0])


def check_schema(repository: Repository, reference: str) -> tuple[Schema, list[Anomaly]]:
    """The schema in force, and what a version has that it does not expect.

    Raises:
        DatasetError: there is no such version, or the schema's file is none.
    """
    schema = read_schema(repository)
    statistics = describe(repository.manifest(reference), repository.measures(reference))
    return schema, find_anomalies(schema, statistics)


def validate(repository: Repository, manifest: Manifest, measures: pa.Table) -> list[Anomaly]:
    """Returns a version's anomalies, before or after it is written.

    Before a repository's first version there is no schema: then what is told is what would be odd
    in any version, such as blanks and labels without training images.

    Raises:
        DatasetError: the schema's file is none, or an image has no measures.
    """
    statistics = describe(manifest, measures)
    if schema_path(repository).exists() or repository.versions():
        schema = read_schema(repository)
    else:
        schema = infer(statistics, manifest.id, thresholds=Thresholds())
    return find_anomalies(schema, statistics)


def freeze_schema(repository: Repository, reference: str) -> Schema:
    """Freeze it at a version, unless there is one: that stays, and is what comes back."""
    path = schema_path(repository)
    if path.exists():
        return _read(path)
    return _write(repository, _inferred(repository, reference, 1, Thresholds()))


def receive_schema(repository: Repository, data: bytes, source: str) -> None:
    """Take the schema of another repository, unless there is one here already.

    Raises:
        DatasetError: it is none.
    """
    if not schema_path(repository).exists():
        _write(repository, _parsed(parse_json(data, source, "a schema", DatasetError), source))


def update_schema(repository: Repository, reference: str) -> Schema:
    """A new schema, at this version. The old one is kept, and its thresholds hold on."""
    old = read_schema(repository)
    kept = repository.root / "schemas" / f"{old.number}.json"
    write_atomically(kept, read_regular(schema_path(repository)))
    return _write(repository, _inferred(repository, reference, old.number + 1, old.thresholds))


def schema_path(repository: Repository) -> Path:
    """Returns where the schema in force is."""
    return repository.root / "schema.json"


def _inferred(
    repository: Repository, reference: str, number: int, thresholds: Thresholds
) -> Schema:
    statistics = describe(repository.manifest(reference), repository.measures(reference))
    version = repository.resolve(reference)
    return infer(statistics, version, number=number, thresholds=thresholds)


def _read(path: Path) -> Schema:
    return _parsed(read_json(path, "a schema", DatasetError), str(path))


def _parsed(said: Any, source: str) -> Schema:
    if not isinstance(said, dict):
        raise DatasetError(f"{source}: wanted a schema, got {type(said).__name__}")
    return Schema.from_dict(said, source)


def _write(repository: Repository, schema: Schema) -> Schema:
    text = json.dumps(asdict(schema), indent=1, ensure_ascii=False) + "\n"
    write_atomically(schema_path(repository), text.encode())
    return schema
