"""Keeps what was counted of a place's ledgers: whoever counts again opens one file.

`.cache/ledgers/totals.json` says by a digest of all keys and stamps of which ledger files it tells.
Where one of these was written again, was added or is gone, the digest is another, and what was
counted is of no use. Like the packs, the file may be deleted at any time.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vidset.ledger.stamps import Stamps
from vidset.storage.open import open_store
from vidset.storage.uris import is_uri

FILE = ".cache/ledgers/totals.json"
# Of what another vidset counted, nothing is known.
_FORMAT = 1
_MOST_BYTES = 64 << 20


def read_totals(place: str, stamps: Mapping[str, Stamps]) -> dict[str, Any] | None:
    """Return what was kept of these very files; None where there is nothing, or nothing whole."""
    if is_uri(place):
        return None
    try:
        found = json.loads(open_store(place).read(FILE))
    except (OSError, ValueError):  # A link, or no JSON: it is of nobody's making.
        return None
    if not isinstance(found, dict) or found.get("of") != _digest(stamps):
        return None
    counted = found.get("counted")
    return counted if isinstance(counted, dict) else None


def keep_totals(place: str, stamps: Mapping[str, Stamps], counted: Mapping[str, Any]) -> None:
    """Keep what was counted of files with these stamps, where the place is a folder to write to.

    Args:
        counted: what JSON holds as it is.
    """
    if is_uri(place) or not stamps:
        return
    if not all(each.videos for each in stamps.values()):
        return
    told = {"of": _digest(stamps), "counted": counted}
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    if len(data) > _MOST_BYTES:
        return
    try:
        open_store(place).put(FILE, data, "application/json")
    except (OSError, ValueError):  # Read-only or full: the next reader counts again.
        return


def _digest(stamps: Mapping[str, Stamps]) -> str:
    lines = (f"{key} {each.videos} {each.frames}\n" for key, each in stamps.items())
    return hashlib.sha256(f"{_FORMAT}\n{''.join(lines)}".encode()).hexdigest()
