"""The rows of a place's ledgers, whether a reader finds them packed or one file for each video.

Frames count when their video's row is there. See `vidset.ledger.packs` for why it does not matter
what happens to packs meanwhile.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.packs import Pack, PackedFrames, Packs, count_reasons
from vidset.ledger.stamps import ENDING, Stamps, list_stamps
from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

_DAMAGED = (pa.ArrowInvalid, OSError)
_BATCH_ROWS = 20_000
# A table of one row takes a fifth of a megabyte.
_BATCH_TABLES = 100


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one or several videos: the first `numbers[0]` are those of `keys[0]`, and so on."""

    keys: Sequence[str]
    numbers: Sequence[int]
    table: pa.Table

    def each(self) -> Iterator[tuple[str, pa.Table]]:
        first = 0
        for key, number in zip(self.keys, self.numbers, strict=True):
            yield key, self.table.slice(first, number)
            first += number


def in_batches(found: Iterator[Rows]) -> Iterator[pa.Table]:
    """Join the rows of many videos to tables of some size, so that never all are held twice."""
    some, number = [], 0
    for each in found:
        some.append(each.table)
        number += len(each.table)
        if number >= _BATCH_ROWS or len(some) >= _BATCH_TABLES:
            yield pa.concat_tables(some)
            some, number = [], 0
    if some:
        yield pa.concat_tables(some)


class LedgerRows:
    """The rows of a folder, gs:// or s3:// place, as it was when it was listed.

    Attributes:
        stamps: of the committed videos, by key, in the keys' order. A stamp of `frames` is ""
            where that file is missing.
        loose: the keys of those that no pack has.
        packs: what packs there are.
    """

    def __init__(self, place: str, stamps: Mapping[str, Stamps] | None = None):
        """
        Args:
            stamps: what `list_stamps` gave, where that was asked already.
        """
        place = place.rstrip("/") or "/"
        self._videos = open_store(f"{place}/videos")
        self._frames = open_store(f"{place}/frames")
        self._packs = Packs(place)
        self.stamps = list_stamps(place) if stamps is None else stamps
        read = (self._packs.read(id_) for id_ in self._packs.ids())
        self.packs: Sequence[Pack] = [pack for pack in read if pack is not None]
        self._where: dict[str, tuple[Pack, int]] = {}
        for pack in self.packs:
            for number, (key, packed) in enumerate(pack.stamps.items()):
                if self.stamps.get(key) == packed:
                    self._where[key] = pack, number

    @property
    def loose(self) -> list[str]:
        return [key for key in self.stamps if key not in self._where]

    def frames_uri(self, key: str) -> str:
        return self._frames.uri(f"{key}{ENDING}")

    def keys_of(self, pack: Pack) -> list[str]:
        """Return the keys of the videos whose rows are taken from this pack."""
        return [key for key in pack.stamps if (found := self._where.get(key)) and found[0] is pack]

    def videos(self, columns: Sequence[str], keys: Collection[str] | None = None) -> Iterator[Rows]:
        """Yield rows of `videos`, in no order.

        Raises:
            ValueError: a file is no ledger.
            FileNotFoundError: a file is gone since the listing.
        """
        wanted = self.stamps if keys is None else keys
        for pack, numbers in self._by_pack(wanted).items():
            names = list(pack.stamps)
            table = pack.videos.select(list(columns)).take(pa.array(numbers, pa.int64()))
            yield Rows([names[number] for number in numbers], [1] * len(numbers), table)
        for key in wanted:
            if key not in self._where:
                table = read_ledger(self._videos, f"{key}{ENDING}", columns, VIDEOS)
                yield Rows([key], [len(table)], table)

    def frames(self, columns: Sequence[str], keys: Collection[str] | None = None) -> Iterator[Rows]:
        """Yield rows of `frames`, in no order; of columns that a file lacks, nulls.

        Raises:
            ValueError: a file is no ledger.
            FileNotFoundError: a file is missing.
        """
        wanted = self.stamps if keys is None else keys
        loose = [key for key in wanted if key not in self._where]
        for pack, numbers in self._by_pack(wanted).items():
            names, done = list(pack.stamps), 0
            try:
                with self._packs.frames(pack, columns) as packed:
                    for run in _runs(pack, numbers):
                        group, first, _ = pack.places[run[0]]
                        lengths = [pack.places[number][2] for number in run]
                        table = packed.rows(group, first, sum(lengths))
                        yield Rows([names[number] for number in run], lengths, table)
                        done += len(run)
            except _DAMAGED:  # The loose files have the same rows.
                loose += [names[number] for number in numbers[done:]]
        for key in loose:
            yield self._loose_frames(key, columns)

    def reasons(
        self, keys: Collection[str] | None = None
    ) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Yield each video's numbers of samples by reason, in no order.

        Raises:
            As `frames` does.
        """
        wanted = self.stamps if keys is None else keys
        for pack, numbers in self._by_pack(wanted).items():
            names = list(pack.stamps)
            for number in numbers:
                yield names[number], pack.reasons[number]
        for key in wanted:
            if key not in self._where:
                yield key, count_reasons(self._loose_frames(key, ["reason"]).table)

    def frames_in_order(
        self, columns: Sequence[str], keys: Iterable[str] | None = None
    ) -> Iterator[tuple[str, pa.Table]]:
        """Yield each video's rows of `frames`, in the order of the keys.

        Raises:
            As `frames` does.
        """
        opened: dict[str, PackedFrames | None] = {}
        with ExitStack() as stack:
            for key in self.stamps if keys is None else keys:
                table = None
                if place := self._where.get(key):
                    pack, number = place
                    try:
                        if pack.id not in opened:
                            opened[pack.id] = None
                            opened[pack.id] = stack.enter_context(self._packs.frames(pack, columns))
                        if packed := opened[pack.id]:
                            table = packed.rows(*pack.places[number])
                    except _DAMAGED:
                        opened[pack.id] = None
                yield key, self._loose_frames(key, columns).table if table is None else table

    def whole(self, key: str) -> tuple[pa.Table, pa.Table] | None:
        """Return a loose video's row and frames with all columns of this vidset.

        None: its files are missing, or not of the form that this vidset writes; readers of them say
        so.
        """
        tables = []
        for store, schema in ((self._videos, VIDEOS), (self._frames, FRAMES)):
            try:
                table = read_parquet(store.read(f"{key}{ENDING}"))
                if not set(table.column_names) <= set(schema.names):
                    return None
                if not table.schema.equals(schema):
                    columns = [_column(table, field) for field in schema]
                    table = pa.table(columns, schema=schema)
                tables.append(table)
            except (FileNotFoundError, pa.ArrowInvalid, pa.ArrowNotImplementedError, _LacksError):
                return None
        videos, frames = tables
        return (videos, frames) if len(videos) == 1 else None

    def _loose_frames(self, key: str, columns: Sequence[str]) -> Rows:
        table = read_ledger(self._frames, f"{key}{ENDING}", columns, FRAMES)
        return Rows([key], [len(table)], table)

    def _by_pack(self, keys: Iterable[str]) -> dict[Pack, list[int]]:
        found: dict[Pack, list[int]] = {}
        for key in keys:
            if place := self._where.get(key):
                found.setdefault(place[0], []).append(place[1])
        return {pack: sorted(numbers) for pack, numbers in found.items()}


class _LacksError(Exception):
    """A column that no row may lack."""


def read_ledger(
    store: ObjectStore, name: str, columns: Sequence[str], schema: pa.Schema
) -> pa.Table:
    """Read columns of a loose file; what an older vidset did not write yet is null.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is no ledger.
    """
    try:
        table = read_parquet(store.read(name), columns)
    except pa.ArrowInvalid as error:
        raise ValueError(f"{store.uri(name)} is no Parquet file: {error}") from None
    try:
        wanted = pa.schema([schema.field(each) for each in columns])
        return pa.table([_column(table, field) for field in wanted], schema=wanted)
    except _LacksError as error:
        raise ValueError(f"{store.uri(name)} is no ledger: it has no column {error}") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{store.uri(name)} is no ledger: {error}") from None


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in table.column_names:
        if not field.nullable:
            raise _LacksError(field.name)
        return pa.nulls(len(table), field.type)
    column = table[field.name]
    return column if column.type == field.type else column.cast(field.type)


def _runs(pack: Pack, numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yields rows that stand behind each other in one row group."""
    run: list[int] = []
    for number in numbers:
        if run and (number != run[-1] + 1 or pack.places[number][0] != pack.places[run[0]][0]):
            yield run
            run = []
        run.append(number)
    if run:
        yield run
