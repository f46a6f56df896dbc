"""Documents of the store of labels as rows of the page's tables."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pyarrow as pa

ANNOTATIONS = pa.schema(
    [
        ("image_id", pa.string()),
        ("state", pa.string()),
        ("annotator", pa.string()),
        ("vendor", pa.string()),
        ("revision", pa.int64()),
        ("updated_at", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("objects", pa.string()),
        ("object_count", pa.int64()),
    ]
)
TASKS = pa.schema(
    [
        ("image_id", pa.string()),
        ("state", pa.string()),
        ("vendor", pa.string()),
        ("cost", pa.float64()),
        ("requested_at", pa.string()),
        ("completed_at", pa.string()),
        ("error", pa.string()),
    ]
)
PREDICTIONS = pa.schema(
    [
        ("image_id", pa.string()),
        ("name", pa.string()),
        ("run", pa.string()),
        ("model", pa.string()),
        ("score", pa.float64()),
        ("uncertainty", pa.float64()),
        ("objects", pa.string()),
        ("scores", pa.list_(pa.float64())),
        ("labels", pa.list_(pa.string())),
        ("written_at", pa.string()),
    ]
)


def annotation_row(image_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an annotation as a row of ANNOTATIONS."""
    objects = document.get("objects") or []
    return {
        "image_id": image_id,
        "state": document.get("state"),
        "annotator": document.get("annotator"),
        "vendor": document.get("vendor"),
        "revision": document.get("revision"),
        "updated_at": _time(document.get("updated_at")),
        "labels": sorted({str(each["label"]) for each in objects}),
        "objects": json.dumps(objects, ensure_ascii=False),
        "object_count": len(objects),
    }


def task_row(image_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task as a row of TASKS."""
    return {
        "image_id": image_id,
        "state": document.get("state"),
        "vendor": document.get("vendor"),
        "cost": document.get("cost"),
        "requested_at": _time(document.get("requested_at")),
        "completed_at": _time(document.get("completed_at")),
        "error": document.get("error"),
    }


def prediction_row(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a prediction as a row of PREDICTIONS; imported ones say less."""
    objects = document.get("objects") or []
    scores = document.get("scores")
    return {
        "image_id": name.partition("-")[0],
        "name": name,
        "run": document.get("run"),
        "model": document.get("model"),
        "score": document.get("score"),
        "uncertainty": document.get("uncertainty"),
        "objects": json.dumps(objects, ensure_ascii=False),
        "scores": scores if scores and len(scores) == len(objects) else None,
        "labels": sorted({str(each["label"]) for each in objects}),
        "written_at": _time(document.get("written_at")),
    }


def _time(value: Any) -> str | None:
    """RFC 3339, whichever store the document is from."""
    if value is None or isinstance(value, str):
        return value
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
