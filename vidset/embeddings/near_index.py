"""The index of a place's vectors: what is near to what, kept up to date at the cost of what is new.

It lies in the user's cache folder, not in the place: a place may come from people whom one does not
know, and the library trusts the files that it maps into memory. `state.json` names the files that
count and is replaced last; whoever deletes the folder, or finds it damaged, loses time and nothing
else. Most vectors are in one file that is read as needed (the base), those of the last updates in
another (the tail). Once the tail has grown to a quarter of the base, it is added to it.
"""

import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, flock
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vidset.embeddings.embedder import Embedder
from vidset.embeddings.near_pairs import NearPairs
from vidset.embeddings.near_search import PAIRS, find_pairs
from vidset.embeddings.neighbours import Neighbours
from vidset.embeddings.store import EmbeddingStore
from vidset.json_files import read_object
from vidset.parquet import read_parquet
from vidset.storage.uris import is_uri
from vidset.storage.writing import open_lock, refuse_link, write_atomically

_FORMAT = 1
_STATE = "state.json"
_LEAST_TAIL = 50_000
_NAMES = pa.schema([pa.field("image_sha256", pa.binary(32), nullable=False)])

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _File:
    """A file of vectors: those with the numbers [first, first + count)."""

    name: str
    first: int
    count: int


@dataclass(slots=True)
class _State:
    """The content of `state.json`.

    Attributes:
        parts: the parts of the embeddings that were taken in.
        updates: the endings of the files of names and pairs, in order.
        count: of vectors.
    """

    embedder: str
    near: float
    parts: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    count: int = 0
    base: _File | None = None
    tail: _File | None = None


class _DamagedError(Exception):
    """The index cannot be used and is made anew."""


def near_pairs(place: str, embedder: Embedder, progress: Progress = lambda *_: None) -> NearPairs:
    """Bring the index up to date with the place's embeddings, and return all near pairs.

    Embed the place before, with `vidset.embeddings.computing.embed_place`. Several processes may
    call it at once: the others wait.

    Args:
        progress: is told how many of the new vectors are in the index.

    Raises:
        ValueError: a part of the embeddings is damaged.
    """
    folder = index_folder(place, embedder.id)
    store = EmbeddingStore(place, embedder.id, embedder.dimensions)
    with _locked(folder):
        try:
            return _Updating(folder, store, embedder, _read_state(folder, embedder)).run(progress)
        except _DamagedError:
            state = _State(embedder.id, embedder.near)
            return _Updating(folder, store, embedder, state).run(progress)


def index_folder(place: str, embedder_id: str) -> Path:
    """Return the folder of a place's index, below $XDG_CACHE_HOME or ~/.cache."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = place if is_uri(place) else os.path.abspath(place)
    digest = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return root / "vidset" / digest / "neighbours" / embedder_id


class _Updating:
    """Takes in the parts of embeddings that the index lacks."""

    def __init__(self, folder: Path, store: EmbeddingStore, embedder: Embedder, state: _State):
        self._folder, self._store, self._embedder, self._state = folder, store, embedder, state
        if not set(state.parts) <= set(store.parts()):
            raise _DamagedError  # Images were forgotten: the index must not know them either.
        self._names = [self._read_names(each) for each in state.updates]
        if sum(map(len, self._names)) != state.count:
            raise _DamagedError
        self._known = {each.tobytes() for names in self._names for each in names}

    def run(self, progress: Progress) -> NearPairs:
        before = [self._read_pairs(each) for each in self._state.updates]
        new = [part for part in self._store.parts() if part not in set(self._state.parts)]
        if new:
            before.append(self._take_in(new, progress))
        pairs = pa.concat_tables(before) if before else PAIRS.empty_table()
        hashes = [each.tobytes().hex() for names in self._names for each in names]
        ones, others, cosines, mirrored = (
            pairs[name].to_numpy() for name in ("one", "other", "cosine", "mirrored")
        )
        return NearPairs(hashes, ones, others, cosines, mirrored)

    def _take_in(self, parts: list[str], progress: Progress) -> pa.Table:
        state, chunks = self._state, []
        fresh, names = self._fresh(parts)
        resting, growing, file = self._open(len(names))
        done = 0
        for vectors in fresh():
            if len(vectors):
                first = state.count + done
                growing.add(vectors)
                chunks.append(find_pairs(self._embedder, [*resting, growing], vectors, first))
                done += len(vectors)
                progress(done, len(names))
        ending = f"{state.count:010d}-{secrets.token_hex(4)}"
        pairs = pa.concat_tables(chunks) if chunks else PAIRS.empty_table()
        self._write(f"names-{ending}.parquet", _names_table(names))
        self._write(f"pairs-{ending}.parquet", pairs)
        file.name = f"vectors-{ending}.usearch"
        file.count = len(growing)
        growing.save(self._folder / file.name)
        if file.first == 0:
            state.base, state.tail = file, None
        else:
            state.tail = file
        state.parts = sorted({*state.parts, *parts})
        state.updates.append(ending)
        state.count += len(names)
        self._names.append(names)
        _write_state(self._folder, state)
        _sweep(self._folder, state)
        return pairs

    def _fresh(self, parts: list[str]) -> tuple[Callable[[], Iterator[np.ndarray]], np.ndarray]:
        """Return what yields the vectors of images that are not in the index, and their names."""
        rows: dict[str, list[int]] = {}
        names: list[bytes] = []
        others = set(self._store.parts()) - set(parts)
        for part, embeddings in self._store.each(others):
            rows[part] = []
            for row, each in enumerate(embeddings.hashes):
                name = bytes.fromhex(each)
                if name not in self._known:
                    self._known.add(name)
                    names.append(name)
                    rows[part].append(row)

        def vectors() -> Iterator[np.ndarray]:
            for part, embeddings in self._store.each(others):
                yield embeddings.vectors[rows[part]]

        return vectors, np.frombuffer(b"".join(names), np.uint8).reshape(-1, 32)

    def _open(self, new: int) -> tuple[list[Neighbours], Neighbours, _File]:
        """Return what is only read, and what the new vectors are added to, with its file."""
        state, dimensions = self._state, self._embedder.dimensions
        tail = state.tail.count if state.tail else 0
        if state.base is None:
            return [], Neighbours(dimensions), _File("", 0, 0)
        is_merged = tail + new > max(_LEAST_TAIL, state.base.count // 4)
        base = self._open_file(state.base, is_added_to=is_merged)
        if is_merged:
            if state.tail:
                base.add_all(self._open_file(state.tail, is_added_to=False))
            return [], base, _File("", 0, 0)
        if state.tail:
            growing = self._open_file(state.tail, is_added_to=True)
            return [base], growing, _File("", state.tail.first, 0)
        first = state.base.count
        return [base], Neighbours(dimensions, first), _File("", first, 0)

    def _open_file(self, file: _File, *, is_added_to: bool) -> Neighbours:
        opened = Neighbours.open(
            self._folder / file.name,
            self._embedder.dimensions,
            file.first,
            file.count,
            is_added_to=is_added_to,
        )
        if opened is None:
            raise _DamagedError
        return opened

    def _read_names(self, ending: str) -> np.ndarray:
        column = self._read(f"names-{ending}.parquet", _NAMES)["image_sha256"]
        return np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, 32)

    def _read_pairs(self, ending: str) -> pa.Table:
        return self._read(f"pairs-{ending}.parquet", PAIRS)

    def _read(self, name: str, schema: pa.Schema) -> pa.Table:
        try:
            table = read_parquet(self._folder / name)
        except (OSError, pa.ArrowInvalid):
            raise _DamagedError from None
        if not table.schema.equals(schema):
            raise _DamagedError
        return table

    def _write(self, name: str, table: pa.Table) -> None:
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        write_atomically(self._folder / name, sink.getvalue())


def _names_table(names: np.ndarray) -> pa.Table:
    return pa.table([pa.array([each.tobytes() for each in names], pa.binary(32))], schema=_NAMES)


def _read_state(folder: Path, embedder: Embedder) -> _State:
    empty = _State(embedder.id, embedder.near)
    try:
        read = read_object(folder / _STATE, "the state of an index")
        if read["format"] != _FORMAT or read["near"] != embedder.near:
            return empty
        files = {name: _File(**read[name]) if read[name] else None for name in ("base", "tail")}
        return _State(
            embedder.id, embedder.near, read["parts"], read["updates"], read["count"], **files
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return empty


def _write_state(folder: Path, state: _State) -> None:
    text = json.dumps({"format": _FORMAT, **asdict(state)})
    write_atomically(folder / _STATE, text)


def _sweep(folder: Path, state: _State) -> None:
    """Delete files that no state names any more; readers of the old one hold the lock."""
    wanted = {f"{kind}-{each}.parquet" for each in state.updates for kind in ("names", "pairs")}
    wanted |= {file.name for file in (state.base, state.tail) if file}
    for path in folder.iterdir():
        if path.name.startswith(("names-", "pairs-", "vectors-")) and path.name not in wanted:
            with suppress(FileNotFoundError):
                path.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    refuse_link(folder)
    with open_lock(folder / "lock") as file:
        flock(file, LOCK_EX)
        yield
