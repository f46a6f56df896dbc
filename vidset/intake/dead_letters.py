"""Keeps what could not be used, with the reason, as it came."""

import hashlib
import json
from contextlib import suppress
from typing import Protocol

from vidset.elements import DeadLetter
from vidset.intake.gcs_events import event_message
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

# Of Pub/Sub, for an attribute's value.
_MAX_ATTRIBUTE_BYTES = 1024
_TOPIC = "pubsub:"


class DeadLetters(Protocol):
    """The place that dead letters go to."""

    def put(self, letter: DeadLetter) -> None:
        """Keep the letter; returns once it is safe."""
        ...

    def check(self) -> None:
        """Ask whether letters can be kept. Raises what is wrong."""
        ...


def is_topic(where: str) -> bool:
    """Tell whether letters are to go to a Pub/Sub topic rather than to a folder or bucket."""
    return where.startswith(_TOPIC)


def open_dead_letters(where: str) -> DeadLetters:
    """Open a folder, a gs:// or s3:// uri, or a topic, `pubsub:projects/P/topics/T`.

    Raises:
        ValueError: it is none of these, or its client is not installed.
    """
    return _Topic(where.removeprefix(_TOPIC)) if is_topic(where) else _Folder(open_store(where))


class _Folder:
    """A file for each letter: the same letter again changes nothing."""

    def __init__(self, store: ObjectStore):
        self._store = store

    def put(self, letter: DeadLetter) -> None:
        put_dead_letter(self._store, letter)

    def check(self) -> None:
        with suppress(FileNotFoundError):
            self._store.read("none")


class _Topic:
    """A topic. The same letter again is another message, as the Beam job's would be."""

    def __init__(self, name: str):
        from vidset.storage.topics import Topic

        self._topic = Topic(name)

    def put(self, letter: DeadLetter) -> None:
        self._topic.publish(*dead_letter_message(letter))

    def check(self) -> None:
        self._topic.check()


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
