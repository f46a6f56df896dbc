"""Pre-labels: what a model said of an image before people were asked about it.

`predictions/<image id>` is what annotators start from. Once a task was sent with it, it has
`sent_at` and stays as it is, so that it can be compared with what people made of it.
`predictions/<image id>-<run>` is what another run said, or what was sent before the image was
asked about once more. Nobody is shown these.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vidset.labeling.stores.store import ConflictError, Store, Stored, Write

_RUN_DIGITS = 12


def id_beside(image_id: str, run_id: str) -> str:
    """Return the id of a run's prediction that stands beside the one that annotators start from."""
    return f"{image_id}-{run_id[:_RUN_DIGITS]}"


def is_of_run(document: Mapping[str, Any], run_id: str) -> bool:
    """Tell whether a document of `predictions` is this run's."""
    return document.get("run_id") == run_id


def may_be_replaced(document: Mapping[str, Any]) -> bool:
    """Tell whether another run's prediction may take the place of this one.

    One that a person imported or asked about may not, nor one that annotators have been shown.
    """
    return bool(document.get("run_id")) and not document.get("sent_at")


def kept_beside(stored: Stored | None, beside: Stored | None) -> list[Write]:
    """Return the write that keeps a run's prediction which was sent, before it is replaced.

    Args:
        stored: the document that is about to be replaced.
        beside: the document with the id `id_beside` of its run, if there is one.
    """
    if stored is None or not stored.document.get("sent_at") or not stored.document.get("run_id"):
        return []
    document = stored.document
    # A sent one says more than what the same run said without anybody's being shown it.
    if beside is not None and beside.document.get("sent_at"):
        return []
    name = id_beside(document["image_id"], document["run_id"])
    return [Write("predictions", name, document, beside and beside.version)]


def find_beside(store: Store, stored: Stored | None) -> Stored | None:
    """Read the document that `kept_beside` asks for."""
    if stored is None or not stored.document.get("run_id"):
        return None
    name = id_beside(stored.document["image_id"], stored.document["run_id"])
    return store.get(("predictions", name))[0]


def sent(store: Store, image_id: str, now: datetime) -> Mapping[str, Any]:
    """Return what a task of an image takes along, marked as sent; empty where there is nothing.

    Only a run's prediction is marked. It is marked before it is sent: a process that dies in
    between leaves one that stays as it is, which harms nobody.
    """
    while True:
        [stored] = store.get(("predictions", image_id))
        if stored is None or not may_be_replaced(stored.document):
            return stored.document if stored else {}
        document = {**stored.document, "sent_at": now, "written_at": now}
        try:
            store.commit([Write("predictions", image_id, document, stored.version)])
        except ConflictError:
            continue
        return document
