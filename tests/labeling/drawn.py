"""Objects as somebody draws them on an image of 100 x 80 pixels, and the check of an answer."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from vidset.labeling.annotation import Answer, Box, LabeledObject, Ring, outline
from vidset.labeling.checking import check_answer
from vidset.labeling.template import parse_template
from vidset.masks import Mask

TEMPLATE = parse_template(
    """
name: road
labels:
  - {name: car, min_width: 8, min_height: 8}
  - {name: road, type: polygon}
  - {name: night, type: classification}
  - {name: ship, type: rotated_box}
  - {name: sky, type: mask, min_width: 4}
attributes:
  - {name: colour, choices: [red, blue]}
  - {name: damage, choices: [dent, rust], many: true}
  - {name: surface, choices: [asphalt, gravel], required: true, labels: [road]}
""",
    "road.yaml",
)
SQUARE = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))


def car(x=10.0, y=20.0, width=30.0, height=40.0, **changes) -> LabeledObject:
    item = LabeledObject("c1", "car", "box", box=Box(x, y, width, height))
    return replace(item, **changes)


def road(*points, **changes) -> LabeledObject:
    item = LabeledObject(
        "r1", "road", "polygon", rings=outline(points), attributes={"surface": "asphalt"}
    )
    return replace(item, **changes)


NIGHT = LabeledObject("n1", "night", "classification")


def ship(x=10.0, y=20.0, width=30.0, height=10.0, angle=30.0, **changes) -> LabeledObject:
    item = LabeledObject("s1", "ship", "rotated_box", box=Box(x, y, width, height, angle))
    return replace(item, **changes)


def sky(*, width=100, height=80, **changes) -> LabeledObject:
    pixels = np.zeros((height, width), bool)
    pixels[:5, :60] = True
    return replace(LabeledObject("m1", "sky", "mask", mask=Mask.of(pixels)), **changes)


HOLE = Ring(((15.0, 15.0), (25.0, 15.0), (25.0, 25.0)), hole=True)
BESIDE = Ring(((50.0, 10.0), (60.0, 10.0), (60.0, 20.0)))


def answer(*objects, **changes) -> Answer:
    said = Answer(
        image_id="i1",
        vendor="scale",
        vendor_task_id="t1",
        annotation_id="a1",
        annotator="ann",
        state="labeled",
        objects=objects,
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(said, **changes)


def check(*objects, width: int | None = 100, height: int | None = 80, **changes):
    return check_answer(answer(*objects, **changes), TEMPLATE, width, height).objects
