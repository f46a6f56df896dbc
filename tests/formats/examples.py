"""Labels that every format is asked to write, and the place that it writes to."""

from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject, outline

CAR = LabeledObject("7", "car", "box", box=Box(10.0, 20.0, 30.0, 40.0))
ROAD = LabeledObject("8", "road", "polygon", rings=outline(((0.0, 0.0), (10.0, 0.0), (0.0, 10.0))))
NIGHT = LabeledObject("9", "night", "classification")
LABELS = ImageLabels("drive/0.jpg", 100, 80, (CAR,))
FILES = {
    "coco": "out.json",
    "csv": "out.csv",
    "cvat": "out.xml",
    "datumaro": "out.json",
    "label-studio": "out.json",
    "labelme": "out",
    "yolo": "out",
}

READABLE = [*FILES]


def size_of(image_name: str) -> tuple[int, int]:
    return 100, 80
