"""Transforms that write what an extraction gives: ledger rows and dead letters."""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.io import PubsubMessage

from vidset.elements import DeadLetter, Extraction
from vidset.intake.dead_letters import dead_letter_message, put_dead_letter
from vidset.ledger.open import open_ledger
from vidset.storage.open import open_store

# A table takes a limited number of load jobs a day, so that a commit covers many videos.
_COMMIT_VIDEOS, _COMMIT_SECONDS = 200, 20
# The rows of longer videos are committed by the worker that has them: Streaming Engine takes no
# element above some 80 MB, and a batch of 200 videos must fit the memory, at 400 bytes a row.
MAX_ROWS = 1000


@dataclass
class WriteLedger(beam.PTransform):
    """Extractions in: their rows are written, each video's once, and its own row last.

    What is batched has at most `MAX_ROWS` rows. A longer extraction is committed by a step that
    runs in one with the extracting one, so that it is never an element of a shuffle.

    Attributes:
        ledger: folder, uri or dataset, see `vidset.ledger.open`.
        is_streaming: how extractions are batched for a dataset.
    """

    ledger: str
    is_streaming: bool

    def expand(self, extractions):
        if not self.ledger.startswith("bq://"):
            batches = extractions | "Each" >> beam.Map(lambda extraction: [extraction])
        else:
            by_length = beam.Partition(is_long, 2)  # pyright: ignore[reportArgumentType]
            short, long = extractions | "By length" >> by_length
            each = long | "Each long one" >> beam.Map(lambda extraction: [extraction])
            each | "Commit long ones" >> beam.ParDo(_Commit(self.ledger))
            batches = self._batches(short)
        return batches | "Commit" >> beam.ParDo(_Commit(self.ledger))

    def _batches(self, extractions):
        if self.is_streaming:
            keyed = extractions | "Key" >> beam.Map(lambda extraction: ("", extraction))
            some = beam.GroupIntoBatches(_COMMIT_VIDEOS, _COMMIT_SECONDS)
            return keyed | "Batch" >> some | beam.Values()
        some = beam.BatchElements(min_batch_size=10, max_batch_size=_COMMIT_VIDEOS)
        return extractions | "Batch" >> some


def is_long(extraction: Extraction, _: int) -> int:
    """Return whether the rows are too many to be batched with others', as Partition asks for it."""
    return int(len(extraction.frames) > MAX_ROWS)  # Partition takes no bool.


class _Commit(beam.DoFn):
    def __init__(self, ledger: str):
        self._uri = ledger

    def setup(self) -> None:
        self._ledger = open_ledger(self._uri)

    def process(self, extractions: Iterable[Extraction]) -> None:
        self._ledger.commit(extractions)


@dataclass
class WriteDeadLetters(beam.PTransform):
    """Dead letters in, to a folder or a topic: one of the two is set.

    Attributes:
        folder: folder or uri; a JSON file for each, once.
        topic: projects/<p>/topics/<t>; the original message, with attributes that say why.
    """

    folder: str | None = None
    topic: str | None = None

    def expand(self, letters):
        if self.topic:
            messages = letters | "To messages" >> beam.Map(_to_message)
            return messages | beam.io.WriteToPubSub(self.topic, with_attributes=True)
        return letters | "Store" >> beam.ParDo(_StoreDeadLetter(self.folder or ""))


def _to_message(letter: DeadLetter) -> PubsubMessage:
    return PubsubMessage(*dead_letter_message(letter))


class _StoreDeadLetter(beam.DoFn):
    def __init__(self, folder: str):
        self._folder = folder

    def setup(self) -> None:
        self._store = open_store(self._folder)

    def process(self, letter: DeadLetter) -> None:
        put_dead_letter(self._store, letter)
