"""Tombstones of videos that `vidset forget` has removed: PLACE/forgotten/<key>.json.

The key is the hash of the video's uri and generation, as it names a video's files in the ledger.
Nothing else of the video is in it, so that it can stay for good, and whoever meets the video again
passes it over. A ledger in BigQuery has its tombstones in the place of its images.
"""

import json
from dataclasses import asdict, dataclass

from vidset.elements import ledger_key
from vidset.gate import ORIGINALS
from vidset.storage.open import open_store

FOLDER = "forgotten"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Says who had a video forgotten, and when (RFC 3339, UTC)."""

    actor: str
    at: str


def tombstones_of(images: str, ledger: str) -> "Tombstones":
    """Open the tombstones that hold for a job, by the uris of its images and of its ledger."""
    if not ledger.startswith("bq://"):
        return Tombstones(ledger)
    root = images.rstrip("/")
    above = root.removesuffix(f"/{ORIGINALS}")
    is_place = above and ("://" in above or "://" not in root)  # A bucket may be called so.
    return Tombstones(above if is_place else root)


class Tombstones:
    """The tombstones of a place that is a folder, gs:// or s3://. Opened once in a process."""

    def __init__(self, place: str):
        self._store = open_store(f"{place.rstrip('/')}/{FOLDER}")

    def has(self, video_uri: str, generation: str) -> bool:
        """Tell whether a video was forgotten in this generation."""
        return self._has(ledger_key(video_uri, generation))

    def put(self, key: str, tombstone: Tombstone) -> None:
        """Set a tombstone. One that is there stays as it is."""
        text = json.dumps(asdict(tombstone), ensure_ascii=False)
        self._store.put_once(f"{key}.json", text.encode(), "application/json")

    def _has(self, key: str) -> bool:
        try:
            self._store.read(f"{key}.json")
        except FileNotFoundError:
            return False
        return True
