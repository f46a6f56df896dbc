"""Keeps what could not be used, with the reason, as it came."""

import hashlib
import json

from vidset.elements import DeadLetter
from vidset.intake.gcs_events import event_message
from vidset.storage.store import ObjectStore

# Of Pub/Sub, for an attribute's value.
_MAX_ATTRIBUTE_BYTES = 1024


def put_dead_letter(store: ObjectStore, letter: DeadLetter) -> None:
    """Store as a JSON line in a file of its own; the same letter again changes nothing."""
    line = json.dumps(letter.to_row(), sort_keys=True) + "\n"
    name = hashlib.sha256(line.encode()).hexdigest()[:32]
    store.put_once(f"{name}.jsonl", line.encode(), "application/x-ndjson")


def dead_letter_message(letter: DeadLetter) -> tuple[bytes, dict[str, str]]:
    """Data and attributes for Pub/Sub: the original's, with `dead_letter_uri` and `_reason`.

    Without an original the data are the letter itself, as JSON.
    """
    if letter.event is None:
        data, attributes = json.dumps(letter.to_row(), sort_keys=True).encode(), {}
    else:
        data, attributes = event_message(letter.event)
    why = {"dead_letter_uri": letter.uri, "dead_letter_reason": letter.reason}
    return data, attributes | {key: _shortened(value) for key, value in why.items()}


def _shortened(text: str) -> str:
    return text.encode()[:_MAX_ATTRIBUTE_BYTES].decode(errors="ignore")
