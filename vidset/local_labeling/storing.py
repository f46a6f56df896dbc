"""Imported labels into the store: annotations as the answers of a vendor, or predictions."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from vidset.labeling.annotation import Answer
from vidset.labeling.broker import Broker
from vidset.labeling.prelabels import find_beside, kept_beside
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.store import ConflictError, Stored, Write
from vidset.labeling.task import Image, Task
from vidset.labeling.vendors.vendor import Report

VENDOR = "import"
_THREADS = 8
Labels = Sequence[tuple[Image, Answer]]
Show = Callable[[Counter[str]], None]


def store_annotations(broker: Broker, labels: Labels, show: Show) -> Counter[str]:
    """Store each as an answer, on the way of all answers. Returns counts by stored and repeated."""
    return _each(lambda image, answer: _store_answer(broker, image, answer), labels, show)


def store_predictions(broker: Broker, labels: Labels, show: Show) -> Counter[str]:
    """Store each as `predictions/<image id>`. The last one of an image wins."""
    last = {image.id: (image, answer) for image, answer in labels}
    return _each(lambda _, answer: _store_prediction(broker, answer), [*last.values()], show)


def _each(work: Callable[[Image, Answer], str], labels: Labels, show: Show) -> Counter[str]:
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(_THREADS) as threads:
        for outcome in threads.map(lambda pair: work(*pair), labels):
            counts[outcome] += 1
            show(counts)
    return counts


def _store_answer(broker: Broker, image: Image, answer: Answer) -> str:
    now = broker.clock()
    # Dispatched and never due: nobody pays for it, and nobody is asked for it.
    task = Task.requested(image, VENDOR, now).changed(state="dispatched", dispatched_at=now)
    with suppress(ConflictError):  # It has one, of whatever vendor.
        broker.store.commit([broker.task_write(task)])
    report = Report(image.id, None, "answered", (answer,), raw=answer.to_document())
    counts = receive(broker, Delivery(VENDOR, report, b""))
    if counts["quarantined"]:
        raise ValueError(f"{image.uri}: its task was changed while its answer was stored")
    return "stored" if counts["stored"] else "repeated"


def _store_prediction(broker: Broker, answer: Answer) -> str:
    while True:
        [stored] = broker.store.get(("predictions", answer.image_id))
        written_at = broker.clock()
        document = {
            "image_id": answer.image_id,
            "objects": [item.to_document() for item in answer.objects],
            "source": answer.annotator,
            "written_at": written_at,
        }
        if stored:  # The round in which the image is asked about stays.
            kept = ("round", "remark")
            document |= {key: stored.document[key] for key in kept if key in stored.document}
        if stored and _is_same(stored, document):
            return "repeated"
        try:
            write = Write("predictions", answer.image_id, document, stored and stored.version)
            before = kept_beside(stored, find_beside(broker.store, stored))
            broker.store.commit([write, *before])
        except ConflictError:
            continue
        return "stored"


def _is_same(stored: Stored, document: dict) -> bool:
    return all(stored.document.get(key) == document[key] for key in ("objects", "source"))
