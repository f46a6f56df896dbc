"""Predictions into the store: once for each image and run, whoever else writes meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vidset.labeling.prelabels import id_beside, is_of_run, may_be_replaced
from vidset.labeling.stores.store import ConflictError, Key, Store, Stored, Write

# Documents of a few kB each; Firestore takes 10 MiB at once.
_AT_ONCE = 20
_LOOKUPS = 150


def store_predictions(store: Store, documents: Sequence[Mapping[str, Any]]) -> None:
    """Store predictions of one run, all of a batch or none of it. Again, it changes nothing.

    A document takes the place of an earlier run's that nobody was shown; else it stands beside.
    """
    for start in range(0, len(documents), _AT_ONCE):
        batch = documents[start : start + _AT_ONCE]
        try:
            if wanted := _writes(store, batch):
                store.commit(wanted)
        except ConflictError:  # Somebody else writes the same images: one by one.
            for document in batch:
                _store_one(store, document)


def done_by(store: Store, image_ids: Sequence[str], run_id: str) -> Iterator[bool]:
    """Yield for each image whether this run has said something of it already."""
    for start in range(0, len(image_ids), _LOOKUPS):
        for main, beside in _pairs(store, image_ids[start : start + _LOOKUPS], run_id):
            yield beside is not None or (main is not None and is_of_run(main.document, run_id))


def predictions_of(
    store: Store, image_ids: Sequence[str], run_id: str
) -> Iterator[Mapping[str, Any] | None]:
    """Yield for each image what this run has said of it; None where it has said nothing."""
    for start in range(0, len(image_ids), _LOOKUPS):
        for main, beside in _pairs(store, image_ids[start : start + _LOOKUPS], run_id):
            if beside is not None:
                yield beside.document
            else:
                is_here = main is not None and is_of_run(main.document, run_id)
                yield main.document if main is not None and is_here else None


def _store_one(store: Store, document: Mapping[str, Any]) -> None:
    while wanted := _writes(store, [document]):
        try:
            store.commit(wanted)
        except ConflictError:
            continue
        return


def _writes(store: Store, documents: Sequence[Mapping[str, Any]]) -> list[Write]:
    """Return what is still to be written of these; nothing of images that the run has done."""
    run_id = documents[0]["run_id"]
    names = [document["image_id"] for document in documents]
    found = []
    pairs = _pairs(store, names, run_id)
    for document, (main, beside) in zip(documents, pairs, strict=True):
        name = document["image_id"]
        if beside is not None or (main is not None and is_of_run(main.document, run_id)):
            continue
        if main is None or may_be_replaced(main.document):
            found.append(Write("predictions", name, document, main and main.version))
        else:
            found.append(Write("predictions", id_beside(name, run_id), document))
    return found


def _pairs(
    store: Store, image_ids: Sequence[str], run_id: str
) -> list[tuple[Stored | None, Stored | None]]:
    """Read what annotators start from, and what this run has said beside it."""
    names = [*image_ids, *(id_beside(name, run_id) for name in image_ids)]
    keys: list[Key] = [("predictions", name) for name in names]
    found = store.get(*keys)
    return list(zip(found[: len(image_ids)], found[len(image_ids) :], strict=True))
