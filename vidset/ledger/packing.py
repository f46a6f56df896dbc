"""Decides when ledger files are copied into packs, and which packs are merged.

`vidset extract` packs at its end what is there, whoever has written it. In a folder, whoever had to
read many loose files leaves a pack as well, so that a place of an earlier vidset, or of a watcher,
becomes quick by being used. Nothing is locked: see `vidset.ledger.packs`.
"""

from collections.abc import Iterator

from vidset.ledger.ledger import FRAMES
from vidset.ledger.packs import Pack, Packs, Source
from vidset.ledger.rows import LedgerRows
from vidset.storage.uris import is_uri

# Fewer stay loose; so many more loose files a reader opens at most.
LEAST = 32
# So many a reader that is no writer opens before it leaves a pack.
_LEAST_OF_READERS = 256
# A pack that has as many is not merged further: it is held in memory while it is written.
_MOST_ROWS, _MOST_VIDEOS = 250_000, 20_000
# Each pack has at least so many times the videos of all younger ones: there are few.
_TIMES = 2


def pack_ledgers(place: str, least: int = LEAST) -> int:
    """Copy the loose ledgers of a place into packs, if there are enough. Returns how many.

    Any number of processes may do so at once, and each may be killed at any moment.
    """
    rows, packs = LedgerRows(place), Packs(place)
    for id_ in packs.leftovers():
        packs.delete(id_)
    loose = [key for key in rows.loose if _is_stamped(rows, key)]
    if len(loose) < least:
        return 0
    merged = _merged(rows, len(loose))
    written = set()
    sources = _sources(rows, loose, merged)
    while first := next(sources, None):
        written.add(packs.write(_some(first, sources)))
    for id_ in {pack.id for pack in merged} - written:
        packs.delete(id_)
    return len(loose)


def leave_packs(place: str, rows: LedgerRows) -> None:
    """Pack what a reader had to open one by one, where that is a folder that it may write to."""
    if is_uri(place) or len(rows.loose) < _LEAST_OF_READERS:
        return
    try:
        pack_ledgers(place)
    except OSError:  # Read-only, or full: the next reader opens them one by one as this one did.
        return


def _is_stamped(rows: LedgerRows, key: str) -> bool:
    """A store that was added may have no stamps, and a video may lack its frames."""
    stamps = rows.stamps[key]
    return bool(stamps.videos and stamps.frames)


def _merged(rows: LedgerRows, number: int) -> list[Pack]:
    """Return the packs to write again together with `number` loose videos."""
    alive = sorted(
        ((len(rows.keys_of(pack)), pack) for pack in rows.packs), key=lambda pair: pair[0]
    )
    merged = []
    for live, pack in alive:
        is_full = len(pack.stamps) >= _MOST_VIDEOS or pack.rows >= _MOST_ROWS
        if 2 * live < len(pack.stamps) or (not is_full and live <= _TIMES * number):
            merged.append(pack)
            number += live
    return merged


def _sources(rows: LedgerRows, loose: list[str], merged: list[Pack]) -> Iterator[Source]:
    """Yield what can be packed, in order of the keys; what is none of ours stays loose."""
    packed = {key: pack for pack in merged for key in rows.keys_of(pack)}
    frames = rows.frames_in_order(FRAMES.names, sorted(packed))
    for key in sorted([*loose, *packed]):
        if pack := packed.get(key):
            yield Source(key, rows.stamps[key], pack.video(key), next(frames)[1])
        elif found := rows.whole(key):
            yield Source(key, rows.stamps[key], *found)


def _some(first: Source, sources: Iterator[Source]) -> Iterator[Source]:
    """Yield as many as one pack takes."""
    videos = frames = 0
    each: Source | None = first
    while each is not None:
        yield each
        videos, frames = videos + 1, frames + len(each.frames)
        is_full = videos >= _MOST_VIDEOS or frames >= _MOST_ROWS
        each = None if is_full else next(sources, None)
