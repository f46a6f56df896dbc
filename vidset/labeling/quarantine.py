"""Keeps what a vendor sent and cannot be used, as it came, with the reason."""

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from vidset.labeling.errors import without_signatures
from vidset.labeling.stores.store import ConflictError, Key, Store, Value, Write

OPEN: Mapping[str, Value] = {"part_of": None, "resolved_at": None}
"""The documents that somebody has still to look at equal this."""
# Label Studio's webhooks carry one, by which anybody can join the organization.
_TOKEN = re.compile(r'("token"\s*:\s*")[^"]*(")')
# A Firestore document holds 1 MiB.
_PART_BYTES = 900_000
_LONGEST_REASON = 2000


def quarantine(
    store: Store,
    payload: bytes,
    *,
    vendor: str,
    reason: str,
    image_id: str | None,
    now: datetime,
    key: str | None = None,
) -> bool:
    """Store `quarantine/<hash of the key, or of the payload>`, once; whether it is new.

    Signatures of urls, which vendors repeat, are left out, and what they call a token. A long
    payload goes on in documents `<id>-1`, `<id>-2`, ..., which are written before.
    """
    # Latin-1 gives every byte back.
    text = without_signatures(payload.decode("latin-1"))
    payload = _TOKEN.sub(r"\1...\2", text).encode("latin-1")
    name = hashlib.sha256(key.encode() if key else payload).hexdigest()[:32]
    reason, image_id = _storable(reason), image_id and _storable(image_id)
    head, *parts = _parts(payload)
    for number, part in enumerate(parts, 1):
        with contextlib.suppress(ConflictError):  # The same is there: its name tells its content.
            document = {"payload": part, "part_of": name}
            store.commit([Write("quarantine", f"{name}-{number}", document)])
    document = {
        "vendor": vendor,
        "reason": reason,
        "image_id": image_id,
        "received_at": now,
        "resolved_at": None,
        "size_bytes": len(payload),
        "parts": len(parts),
        "payload": head,
        "part_of": None,
    }
    try:
        store.commit([Write("quarantine", name, document)])
    except ConflictError:
        # It is there. If it was resolved once, it fails again, perhaps for another reason.
        _change(store, name, {"reason": reason, "resolved_at": None})
        return False
    return True


def resolve(store: Store, name: str, now: datetime | None, by: str | None = None) -> None:
    """Note that what `quarantine/<name>` holds was stored since, or will not be missed.

    Args:
        now: None takes the note back.
        by: the person who dismissed it; None where its answer was stored.

    Raises:
        KeyError: there is none of this name.
    """
    _change(store, name, {"resolved_at": now, "resolved_by": by})


def _change(store: Store, name: str, values: dict[str, Any]) -> None:
    while True:
        [stored] = store.get(("quarantine", name))
        if stored is None:
            raise KeyError(f"no quarantine/{name}")
        document = stored.document | values
        if document == stored.document:
            return
        try:
            store.commit([Write("quarantine", name, document, stored.version)])
        except ConflictError:
            continue
        return


def read_payload(store: Store, name: str) -> bytes:
    """The payload of `quarantine/<name>` as it came.

    Raises:
        KeyError: there is none of this name, or not all of it.
    """
    [head] = store.get(("quarantine", name))
    if head is None:
        raise KeyError(f"no quarantine/{name}")
    numbers = range(1, head.document["parts"] + 1)
    keys: list[Key] = [("quarantine", f"{name}-{number}") for number in numbers]
    payload = head.document["payload"]
    for key, part in zip(keys, store.get(*keys), strict=True):
        if part is None:
            raise KeyError(f"no {'/'.join(key)}, a part of quarantine/{name}")
        payload += part.document["payload"]
    return payload


def _storable(text: str) -> str:
    """Returns a reason that a store takes: a vendor's words may be endless, or no Unicode."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + "..."


def _parts(payload: bytes) -> Iterable[bytes]:
    starts = range(0, max(len(payload), 1), _PART_BYTES)
    return [payload[start : start + _PART_BYTES] for start in starts]
