"""Keeps dataset versions: images once, by content, and a folder for each version.

ROOT/images/<first two digits>/<sha256>.<ending>
ROOT/versions/<id>/manifest.parquet, measures.parquet, version.json
ROOT/.cache/sources.parquet  which files were read, and what is in them
ROOT/.cache/exports/<hash>.parquet  which files an export wrote: see exchange/earlier_files.py
ROOT/.cache/checks/<id>.json  what was found wrong with a version: see checks.py
ROOT/names/<name>            the id that a name stands for
ROOT/names.jsonl             who gave which name to which version, and when
ROOT/schema.json             what versions must be like, frozen at the first one
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.actor import actor_of
from vidset.datasets.errors import DatasetError, NameTakenError, UnknownVersionError
from vidset.datasets.images.measures import SCHEMA
from vidset.datasets.versions.entry import FORMATS, Entry, is_hash
from vidset.datasets.versions.forgotten import is_what_is_left
from vidset.datasets.versions.kept_measures import FILE, kept_measures, measures_file
from vidset.datasets.versions.manifest import ADDED, Manifest, with_added
from vidset.datasets.versions.names import check_name, is_name, may_be_id
from vidset.json_files import read_object
from vidset.parquet import parquet_schema, read_parquet
from vidset.regular_files import read_regular, read_regular_text
from vidset.storage.writing import open_lock, write_atomically
from vidset.suggestions import did_you_mean

_MOST_OF_A_NAME = 1000


@dataclass(frozen=True, slots=True)
class Naming:
    """A name was given to a version; `before` is the version that had it, if any."""

    name: str
    version: str
    before: str | None
    actor: str
    at: str


class Repository:
    """A folder of this machine with dataset versions. All it holds is written once, atomically.

    Raises:
        DatasetError: the folder holds something else.
    """

    def __init__(self, root: str | os.PathLike[str]):
        self.root = Path(root)
        if self.root.exists() and not self.root.is_dir():
            raise DatasetError(f"{self.root}: wanted a folder for dataset versions, got a file")

    def put_image(self, data: bytes, image_format: str, digest: str | None = None) -> str:
        """Store an image unless it is there, or in place of a damaged one. Returns its SHA-256.

        Args:
            digest: that, where it is known.
        """
        digest = digest or hashlib.sha256(data).hexdigest()
        path = self.image_path(digest, image_format)
        if not path.exists() or path.stat().st_size != len(data) or read_regular(path) != data:
            write_atomically(path, data)
        return digest

    def image_path(self, image_sha256: str, image_format: str) -> Path:
        """Return where an image is, or would be.

        Raises:
            DatasetError: it is no hash, but could be a path.
        """
        if not is_hash(image_sha256):
            raise DatasetError(f"wanted a SHA-256 in 64 hex digits, got {image_sha256[:100]!r}")
        return self.root / "images" / image_sha256[:2] / (image_sha256 + FORMATS[image_format])

    def read_image(self, entry: Entry) -> bytes:
        """The file's bytes.

        Raises:
            DatasetError: it is not there.
        """
        path = self.image_path(entry.image_sha256, entry.image_format)
        try:
            return read_regular(path)
        except FileNotFoundError:
            raise DatasetError(
                f"{entry.image_uri}: its image is not in the repository, wanted {path}"
            ) from None

    def write_version(
        self,
        manifest: Manifest,
        measures: pa.Table,
        details: Mapping[str, Any],
        known: pa.ChunkedArray | None = None,
    ) -> str:
        """Keep a version; its id. One that is there already stays as it is.

        Args:
            measures: a row an image (vidset.datasets.images.measures), by image_sha256.
            details: what version.json says beside the id: created_at, parents, message, recipe.
            known: images without a row in `measures`, as versions that are here keep theirs.
        """
        folder = self.root / "versions" / manifest.id
        # version.json is the commit marker: it comes last.
        if not (folder / "version.json").exists():
            write_atomically(folder / "manifest.parquet", manifest.to_parquet())
            parents = details.get("parents") or ()
            kept = measures_file(folder.parent, measures, parents, known)
            write_atomically(folder / FILE, kept)
            text = json.dumps({**details, "id": manifest.id}, indent=1, sort_keys=True)
            write_atomically(folder / "version.json", text.encode())
        return manifest.id

    def has(self, id_: str) -> bool:
        """Returns whether the version with exactly this id is here, whole."""
        return may_be_id(id_) and self._file(id_, "version.json").exists()

    def versions(self) -> list[str]:
        """The ids of all versions, oldest first."""
        found = self._ids()
        return sorted(found, key=lambda id_: (str(self.details(id_).get("created_at", "")), id_))

    def manifest(self, reference: str) -> Manifest:
        """Read the manifest of a version, by id, the beginning of an id, or name.

        Raises:
            DatasetError: there is none such, or its content is not what its id says.
        """
        id_ = self.resolve(reference)
        with _reading(id_, "manifest"):
            manifest = Manifest.from_parquet(read_regular(self._file(id_, "manifest.parquet")))
        if manifest.id != id_ and not is_what_is_left(self.root / "versions" / id_, manifest.id):
            raise DatasetError(
                f"version {id_}: its manifest was changed, its content has the id {manifest.id}"
            )
        return manifest

    def columns(self, id_: str, names: list[str]) -> pa.Table:
        """Some columns of a version's manifest, by its id.

        Whether the manifest is what the id says is not looked at, which would take longer than all
        else: `verify` does that.

        Raises:
            DatasetError: it cannot be read.
        """
        with _reading(id_, "manifest"):
            path = self._file(id_, "manifest.parquet")
            added = ADDED.intersection(names)
            there = set(parquet_schema(path)[0].names) if added else set(names)
            table = read_parquet(path, [n for n in names if n in there or n not in added])
        if missing := [n for n in names if n not in {*table.column_names, *added}]:
            raise DatasetError(
                f"version {id_}: its manifest cannot be read: wanted a column {missing[0]}"
            )
        return with_added(table, names).select(names) if added else table

    def number_of_images(self, reference: str) -> int:
        """Count the images of a version without reading its rows.

        Raises:
            DatasetError: there is none such, or its manifest is damaged.
        """
        id_ = self.resolve(reference)
        with _reading(id_, "manifest"):
            return parquet_schema(self._file(id_, "manifest.parquet"))[1]

    def measures(self, reference: str, columns: Sequence[str] = tuple(SCHEMA.names)) -> pa.Table:
        """Read the measures of a version's images: see vidset.datasets.images.measures.

        Args:
            columns: those to read, image_sha256 among them.

        Raises:
            DatasetError: they cannot be read, or another release measured other things.
        """
        id_ = self.resolve(reference)
        with _reading(id_, "measures"):
            table = kept_measures(self.root / "versions", id_, self.image_path, columns)
        if not table.schema.equals(SCHEMA.empty_table().select(columns).schema):
            raise DatasetError(
                f"version {id_}: another release measured its images; remove its folder "
                f"{self.root / 'versions' / id_} and make it again: it gets the same id"
            )
        return table

    def details(self, reference: str) -> dict[str, Any]:
        """Returns what version.json says.

        Raises:
            DatasetError: there is no such version, or the file is damaged.
        """
        id_ = self.resolve(reference)
        with _reading(id_, "version.json"):
            return read_object(self._file(id_, "version.json"), "an object")

    def name_version(
        self, name: str, reference: str, *, move: bool = False, actor: str | None = None
    ) -> None:
        """Let a name stand for a version, and record who gave it.

        Args:
            move: whether it may stand for another version until now.
            actor: who does it; None is the operating system's user.

        Raises:
            NameTakenError: the name stands for another version, and may not be moved.
            DatasetError: the name could be mistaken for an id, or for a path.
        """
        check_name(name)
        id_, before = self.resolve(reference), self.names().get(name)
        if before not in (None, id_) and not move:
            raise NameTakenError(name, before, id_)
        by = actor_of(actor)
        write_atomically(self.root / "names" / name, id_.encode())
        if before != id_:
            # Two namings within a second have an order: the warehouse takes the newer one's.
            at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            self._record(Naming(name, id_, before, by, at))

    def namings(self) -> list[Naming]:
        """Read who gave which name to which version, the oldest first.

        Raises:
            DatasetError: the record is damaged.
        """
        path = self.root / "names.jsonl"
        try:
            lines = read_regular_text(path).splitlines()
            return [Naming(**json.loads(line)) for line in lines]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise DatasetError(f"{path}: the record of names is damaged: {error}") from None

    def _record(self, naming: Naming) -> None:
        path = self.root / "names.jsonl"
        with open_lock(self.root / "names.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = read_regular_text(path) if path.exists() else ""
            write_atomically(path, f"{before}{json.dumps(asdict(naming))}\n")

    def names(self) -> dict[str, str]:
        """Names, and the ids they stand for."""
        found = sorted(path for path in self.root.glob("names/*") if is_name(path.name))
        return {path.name: _id_in(path) for path in found}

    def resolve(self, reference: str) -> str:
        """Find the id of a version by its name, its id or the first digits of that (6 at least).

        Raises:
            UnknownVersionError: no version has it, or more than one.
        """
        if self.has(reference):  # A whole id, which no name looks like: nothing else is read.
            return reference
        wanted = self.names().get(reference, reference)
        ids = self._ids()
        found = [id_ for id_ in ids if may_be_id(wanted) and id_.startswith(wanted)]
        if len(found) != 1:
            known = ", ".join([*self.names(), *sorted(ids)][:10]) or "none"
            what = "more than one" if found else "no"
            near = did_you_mean(reference, self.names())
            raise UnknownVersionError(
                f"{self.root} has {what} version {reference!r}; it has: {known}"
                + (f".{near}" if near else "")
            )
        return found[0]

    def _ids(self) -> list[str]:
        return [path.parent.name for path in self.root.glob("versions/*/version.json")]

    def _file(self, id_: str, name: str) -> Path:
        return self.root / "versions" / id_ / name


def _id_in(path: Path) -> str:
    """The id that a name stands for."""
    try:
        return read_regular_text(path, _MOST_OF_A_NAME).strip()
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: wanted a version's id: {error}") from None


@contextmanager
def _reading(id_: str, what: str) -> Iterator[None]:
    """Raises DatasetError: a file of a version is damaged or missing."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        name = what if what == "version.json" else f"its {what}"
        raise DatasetError(f"version {id_}: {name} cannot be read: {error}") from None
