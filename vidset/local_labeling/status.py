"""Count how far labeling is. This asks the store alone, and no vendor."""

from collections import Counter
from typing import Any

from vidset.labeling.quarantine import OPEN
from vidset.labeling.settings import Settings
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.task import TASK_STATES, Task
from vidset.labeling.timestamps import format_timestamp, now
from vidset.local_labeling.pre_labels import compare_pre_labels

_ANNOTATION_STATES = ("labeled", "skipped", "rejected")


def read_status(store: Store, settings: Settings) -> dict[str, Any]:
    today = {"booked_on": now().date().isoformat()}
    is_file = settings.store.startswith("sqlite:")
    unbooked = store.count(Query("tasks", {"booked_on": None}))
    states = {
        state: store.count(Query("annotations", {"state": state})) for state in _ANNOTATION_STATES
    }
    return {
        "tasks": {state: store.count(Query("tasks", {"state": state})) for state in TASK_STATES},
        "held": store.count(Query("tasks", {"state": "requested", "booked_on": None})),
        "oldest": {state: _oldest(store, state) for state in ("requested", "dispatched")},
        "booked": {
            "today": {
                "tasks": store.count(Query("tasks", today)),
                "cost": round(store.total(Query("tasks", today), "cost"), 6),
            },
            "in_all": {
                "tasks": store.count(Query("tasks")) - unbooked,
                "cost": round(store.total(Query("tasks"), "cost"), 6),
            },
        },
        "limits": [str(limit) for limit in settings.limits],
        "annotations": states,
        # In Firestore, each document that is read has its price.
        "labels": _labels(store) if is_file else None,
        "pre_labels": compare_pre_labels(store) if is_file else None,
        "quarantine": store.count(Query("quarantine", OPEN)),
    }


def _oldest(store: Store, state: str) -> dict[str, Any] | None:
    query = Query("tasks", {"state": state}, order_by="requested_at", limit=1)
    stored = next(store.find(query), None)
    if stored is None:
        return None
    task = Task.from_document(stored.document)
    since = format_timestamp(task.requested_at)
    return {"image_uri": task.image_uri, "requested_at": since, "error": task.error}


def _labels(store: Store) -> dict[str, int]:
    """Returns how many objects there are of each label."""
    counts: Counter[str] = Counter()
    for stored in store.find(Query("annotations", {"state": "labeled"})):
        counts.update(item["label"] for item in stored.document["objects"])
    return dict(counts.most_common())
