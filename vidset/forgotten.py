"""Tombstones of videos that `vidset forget` has removed: PLACE/forgotten/<key>.json.

The key is the hash of the video's uri and generation, as it names a video's files in the ledger.
Nothing else of the video is in it, so that it can stay for good, and whoever meets the video again
passes it over.
"""

import json
from dataclasses import asdict, dataclass

from vidset.elements import ledger_key
from vidset.storage.open import open_store

FOLDER = "forgotten"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Says who had a video forgotten, and when (RFC 3339, UTC)."""

    actor: str
    at: str


class Tombstones:
    """The tombstones of a place that is a folder, gs:// or s3://. Opened once in a process.

    A ledger in BigQuery has none.
    """

    def __init__(self, place: str):
        has_files = not place.startswith("bq://")
        self._store = open_store(f"{place.rstrip('/')}/{FOLDER}") if has_files else None

    def has(self, video_uri: str, generation: str) -> bool:
        """Tell whether a video was forgotten in this generation."""
        return self._has(ledger_key(video_uri, generation))

    def put(self, key: str, tombstone: Tombstone) -> None:
        """Set a tombstone. One that is there stays as it is.

        Raises:
            ValueError: the ledger is in BigQuery.
        """
        if self._store is None:
            raise ValueError("a ledger in BigQuery has no tombstones")
        text = json.dumps(asdict(tombstone), ensure_ascii=False)
        self._store.put_once(f"{key}.json", text.encode(), "application/json")

    def _has(self, key: str) -> bool:
        if self._store is None:
            return False
        try:
            self._store.read(f"{key}.json")
        except FileNotFoundError:
            return False
        return True
