"""What Label Studio 1.23.2 sent, shortened: fields left out, ids and times replaced."""

import copy

IMAGE_ID = "0123456789abcdef0123456789abcdef"
SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Credential=c&X-Goog-Signature=5ec2e7"
DATA = {"image": SIGNED, "image_id": IMAGE_ID, "image_uri": "gs://b/a.jpg"}
RECTANGLE = {
    "id": "r1",
    "from_name": "box",
    "to_name": "image",
    "type": "rectanglelabels",
    "origin": "manual",
    "original_width": 640,
    "original_height": 480,
    "image_rotation": 0,
    "value": {
        "x": 12.5,
        "y": 25,
        "width": 50.0,
        "height": 10,
        "rotation": 0,
        "rectanglelabels": ["car"],
    },
}
OCCLUDED = RECTANGLE | {
    "from_name": "occluded",
    "type": "choices",
    "value": {"x": 12.5, "y": 25, "width": 50.0, "height": 10, "rotation": 0, "choices": ["yes"]},
}
ANNOTATION = {
    "id": 7,
    "result": [RECTANGLE],
    "was_cancelled": False,
    "ground_truth": False,
    "created_at": "2026-11-20T14:29:58.808071Z",
    "updated_at": "2026-11-20T14:29:59.012673Z",
    "lead_time": 3.2,
    "task": 3,
    "project": 1,
    "completed_by": 5,
    "updated_by": 1,
}
CREATED = {
    "action": "ANNOTATION_CREATED",
    "annotation": ANNOTATION | {"prediction": {}, "unique_id": "95c4a9d9-ed01-48eb-8ca4-540d4218"},
    "project": {"id": 1, "title": "road users", "token": "XnPktIQ0OTEsUAtXKq4x"},
    "task": {"id": 3, "data": DATA, "updated_at": "2026-11-20T14:29:59.026919Z"},
}
MANY_CREATED = {
    "action": "ANNOTATIONS_CREATED",
    "annotation": [ANNOTATION, ANNOTATION | {"id": 8, "task": 4}],
    "project": CREATED["project"],
    "task": [{"id": 3, "data": DATA}, {"id": 4, "data": DATA | {"image_id": "f" * 32}}],
}
DELETED = {
    "action": "ANNOTATIONS_DELETED",
    "annotations": [{"id": 7}, {"id": 8}],
    "project": {"id": 1, "title": "road users"},
}
POLLED = {
    "id": 3,
    "annotations": [ANNOTATION | {"created_username": " a@example.com, 5"}],
    "predictions": [{"id": 1, "result": [RECTANGLE], "model_version": "vidset"}],
    "drafts": [{"id": 2, "result": [RECTANGLE]}],
    "data": DATA,
}


def changed(document, value, *path):
    """A copy with one value set (or, for `...`, taken away)."""
    whole = place = copy.deepcopy(document)
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return whole


def flat(item):
    box, points = item.box, item.points or ()
    numbers = [box.x, box.y, box.width, box.height] if box else []
    return [*numbers, *(coordinate for point in points for coordinate in point)]


def polygon(**value):
    points = {"points": [[10, 10], [20, 10], [20, 30.5]], "closed": True}
    return RECTANGLE | {
        "id": "p1",
        "from_name": "polygon",
        "type": "polygonlabels",
        "value": points | {"polygonlabels": ["road"]} | value,
    }
