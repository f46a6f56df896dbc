"""An answer in the form of the truth's callback, and what it is read as."""

from datetime import UTC, datetime

from vidset.labeling.annotation import Answer, Box, LabeledObject, outline

ID, OTHER = "0123456789abcdef" * 2, "f" * 32
SECRET = "test-secret-of-the-truth"  # noqa: S105
CALLBACK = {
    "image_id": ID,
    "annotation_id": "a-7",
    "annotator": "ann",
    "state": "labeled",
    "updated_at": "2026-01-31T13:00:00+01:00",
    "image_width": 1280,
    "image_height": 720,
    "objects": [
        {
            "id": "1",
            "label": "car",
            "type": "box",
            "box": {"x": 1, "y": 2.5, "width": 30, "height": 20},
            "points": None,
            "attributes": {"hidden": True, "of": ["a"], "n": 3, "share": 0.5, "colour": "rot ü"},
        },
        {"id": "2", "label": "lane", "type": "polygon", "points": [{"x": 0, "y": 1}] * 3},
        {"id": "3", "label": "rain", "type": "classification"},
    ],
}
OBJECTS = (
    LabeledObject(
        "1",
        "car",
        "box",
        Box(1.0, 2.5, 30.0, 20.0),
        attributes={"hidden": True, "of": ["a"], "n": 3, "share": 0.5, "colour": "rot ü"},
    ),
    LabeledObject("2", "lane", "polygon", rings=outline(((0.0, 1.0),) * 3)),
    LabeledObject("3", "rain", "classification"),
)
LINE = {"image_id": ID, "image_width": 640, "image_height": 480, "objects": CALLBACK["objects"]}


def answer(**changed) -> Answer:
    values = {
        "image_id": ID,
        "vendor": "truth",
        "vendor_task_id": f"truth-{ID}",
        "annotation_id": "a-7",
        "annotator": "ann",
        "state": "labeled",
        "objects": OBJECTS,
        "updated_at": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "image_width": 1280,
        "image_height": 720,
    }
    return Answer(**values | changed)


def objects(**changed) -> dict:
    return {"objects": [{**CALLBACK["objects"][0], **changed}]}
