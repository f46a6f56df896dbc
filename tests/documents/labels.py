"""Annotation and task documents as the labeling broker writes them, and stores of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vidset.labeling.annotation import Annotation, Box, LabeledObject, outline
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Store, Write
from vidset.labeling.task import Image, Task
from vidset.naming import image_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OBJECTS = (
    LabeledObject("1", "car", "box", box=Box(1.5, 2.0, 30.0, 40.25), attributes={"occluded": "no"}),
    LabeledObject("2", "lane", "polygon", rings=outline(((0.0, 0.0), (9.0, 0.0), (9.0, 9.5)))),
    LabeledObject(
        "3",
        "rain",
        "classification",
        attributes={"sure": True, "percent": 40, "share": 0.5, "seen": ["sky", "Straße 日"]},
    ),
)


def name_of(number: int) -> str:
    return f"cam{number % 3}/drive-{number // 10}/17/{number:010d}.jpg"


def id_of(number: int) -> str:
    return image_id(f"images/{name_of(number)}")


def uri_of(number: int) -> str:
    return f"gs://images/{name_of(number)}"


def annotation(
    number: int,
    *,
    revision: int = 1,
    written_at: datetime = NOON,
    objects: Sequence[LabeledObject] = OBJECTS,
    **changes: Any,
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "image_id": id_of(number),
        "image_uri": uri_of(number),
        "image_width": 1920,
        "image_height": 1080,
        "objects": tuple(objects),
        "vendor": "scale",
        "vendor_task_id": f"task-{number}",
        "annotator": "alice",
        "state": "labeled",
        "revision": revision,
        "updated_at": NOON - timedelta(hours=1),
        "written_at": written_at,
    }
    return Annotation(**{**values, **changes}).to_document()


def task(number: int, *, written_at: datetime = NOON, **changes: Any) -> dict[str, Any]:
    image = Image(id_of(number), uri_of(number), 1920, 1080)
    requested = Task.requested(image, "scale", NOON - timedelta(days=1))
    values: dict[str, Any] = {
        "state": "completed",
        "vendor_task_id": f"task-{number}",
        "attempts": 1,
        "cost": 0.08,
        "booked_on": "2026-02-28",
        "dispatched_at": NOON - timedelta(hours=23),
        "completed_at": NOON,
        "written_at": written_at,
    }
    return requested.changed(**{**values, **changes}).to_document()


def put(store: Store, collection: Any, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Store them, whatever was there."""
    items = list(documents.items())
    for start in range(0, len(items), 300):
        some = items[start : start + 300]
        there = store.get(*((collection, name) for name, _ in some))
        store.commit(
            [
                Write(collection, name, document, stored.version if stored else None)
                for (name, document), stored in zip(some, there, strict=True)
            ]
        )


def put_annotations(store: Store, *documents: Mapping[str, Any]) -> None:
    put(store, "annotations", {document["image_id"]: document for document in documents})


def put_tasks(store: Store, *documents: Mapping[str, Any]) -> None:
    put(store, "tasks", {document["image_id"]: document for document in documents})


def sqlite_store(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "labels.sqlite")
