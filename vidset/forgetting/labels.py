"""Forgets labels: the vendor's tasks are taken back, then the broker's documents are erased."""

import os
from collections.abc import Iterator
from typing import Any, cast

from vidset.forgetting.step import Work, counted
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Collection, ErasingStore, Key, Query
from vidset.labeling.vendors.vendor import ErasingVendor

_BY_IMAGE: tuple[Collection, ...] = ("tasks", "annotations", "predictions")
_HAVING_IMAGE: tuple[Collection, ...] = ("answers", "quarantine")
# Labels that people imported are at no vendor.
_NO_VENDOR = ("import", "truth")
_AT_ONCE = 200


def forget_tasks(work: Work) -> dict[str, int]:
    """Take the images' tasks back from their vendors.

    Raises:
        ValueError: a vendor's settings are missing, so that its tasks cannot be taken back.
    """
    if work.journal.keep_tasks:
        return {}
    found: dict[str, list[tuple[str, str]]] = {}
    for image_id, task in _tasks(work):
        if _is_at_vendor(task):
            found.setdefault(task["vendor"], []).append((image_id, task["vendor_task_id"]))
    for name, tasks in found.items():
        if not work.is_dry:
            vendor = _open(work, name)
            for image_id, vendor_task_id in tasks:
                vendor.erase(image_id, vendor_task_id)
    return {f"tasks at {name}": len(tasks) for name, tasks in found.items()}


def check_vendors(work: Work) -> None:
    """Open the vendors that have tasks of the images, before anything is deleted.

    Raises:
        ValueError: a vendor cannot be opened, or its tasks cannot be taken back.
    """
    if not work.journal.keep_tasks:
        for name in {task["vendor"] for _, task in _tasks(work) if _is_at_vendor(task)}:
            _open(work, name)


def _open(work: Work, name: str) -> ErasingVendor:
    hint = "delete its tasks there, and give --keep-tasks"
    try:
        vendor = work.open_vendor(name)
    except ValueError as error:
        raise ValueError(f"the tasks at {name} cannot be taken back ({hint}): {error}") from None
    if not isinstance(vendor, ErasingVendor):
        raise ValueError(f"{name} takes no tasks back: {hint}")
    return vendor


def _is_at_vendor(task: dict[str, Any]) -> bool:
    return bool(task.get("vendor_task_id")) and task["vendor"] not in _NO_VENDOR


def forget_documents(work: Work) -> dict[str, int]:
    """Erase the images' tasks, annotations, answers, pre-labels and quarantined answers."""
    uri = store_uri(work)
    if uri is None:
        return {}
    store, counts = cast(ErasingStore, open_store(uri)), dict[str, int]()
    try:
        for keys in _keys(store, work):
            for collection, _ in keys:
                counts[collection] = counts.get(collection, 0) + 1
            if not work.is_dry:
                store.erase(keys)
        if not work.is_dry:
            store.erase([])  # A call that was killed may have left some in the store's log.
    finally:
        store.close()
    return counted(**{f"documents_of_{name}": number for name, number in counts.items()})


def store_uri(work: Work) -> str | None:
    """Return the store of labels; None where there is none yet."""
    uri = work.records.project.store
    file = (uri or "").removeprefix("sqlite:")
    return None if uri is None or (file != uri and not os.path.isfile(file)) else uri


def _tasks(work: Work) -> Iterator[tuple[str, dict[str, Any]]]:
    uri = store_uri(work)
    if uri is None:
        return
    store, ids = open_store(uri), sorted(work.journal.image_names)
    try:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            keys: list[Key] = [("tasks", each) for each in some]
            for stored in store.get(*keys):
                if stored is not None:
                    yield stored.id, stored.document
    finally:
        store.close()


def _keys(store: ErasingStore, work: Work) -> Iterator[list[Key]]:
    """Yield the documents that are there, for some images at a time."""
    ids = sorted(work.journal.image_names)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        wanted: list[Key] = [(collection, each) for collection in _BY_IMAGE for each in some]
        keys: list[Key] = []
        for key, stored in zip(wanted, store.get(*wanted), strict=True):
            if stored is not None:
                keys.append(key)
        for image_id in some:
            for collection in _HAVING_IMAGE:
                for stored in store.find(Query(collection, {"image_id": image_id})):
                    keys.append((collection, stored.id))
                    if collection == "quarantine":  # Long ones go on in documents of their own.
                        parts = int(stored.document.get("parts") or 0)
                        for number in range(1, parts + 1):
                            keys.append(("quarantine", f"{stored.id}-{number}"))
        if keys:
            yield keys
