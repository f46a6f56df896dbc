"""A task as Scale AI gives it, and changes of it."""

import copy

SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Credential=me&X-Goog-Signature=5ec2e7"
BOX = {
    "type": "box",
    "label": "car",
    "left": 10,
    "top": 20.5,
    "width": 30,
    "height": 40,
    "uuid": "65ec1f52",
    "attributes": {"parked": "yes", "seen": ["left", "front"], "doors": 4, "old": None},
}
POLYGON = {
    "type": "polygon",
    "label": "road",
    "vertices": [{"x": 1, "y": 2}, {"x": 3.5, "y": 4}, {"x": 5, "y": 6}],
    "uuid": "7ab0",
}
TASK = {
    "task_id": "576ba74eec471ff9b01557cc",
    "created_at": "2026-06-23T09:09:34.752Z",
    "completed_at": "2026-06-23T09:10:02.798Z",
    "updated_at": "2026-06-23T09:10:03.001Z",
    "type": "imageannotation",
    "status": "completed",
    "unique_id": "a1b2",
    "metadata": {"image_id": "a1b2", "image_uri": "gs://b/a.jpg"},
    "params": {"attachment": SIGNED, "geometries": {"box": {}}},
    "response": {"annotations": [BOX, POLYGON], "global_attributes": {"whole_image": ["night"]}},
    "callback_succeeded": True,
}
DELETE = object()


def task_with(path, value):
    """The task with one field changed: `path` is of keys and indices."""
    task = copy.deepcopy(TASK)
    *way, last = path
    part = task
    for step in way:
        part = part[step]
    if value is DELETE:
        del part[last]
    else:
        part[last] = value
    return task


def callback(task):
    return {"task": task, "response": task.get("response"), "task_id": task["task_id"]}


FIRST = ["response", "annotations", 0]
SECOND = ["response", "annotations", 1]

AUDITS = [
    {"audited_by": "ann@x.org", "audited_at": "2026-06-24T00:00:00Z", "audit_result": "fixed"},
    {"audited_by": "bob@x.org", "audited_at": "2026-06-23T00:00:00Z", "audit_result": "rejected"},
]
