"""A vendor of another package: it keeps tasks and answers in a folder, and knows only cars.

Everything that the broker has to know of it stands here: see `TOY`.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from vidset.labeling.annotation import Answer, Box, LabeledObject
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.declaration import Callback, Declaration, Opening, Variable
from vidset.labeling.vendors.vendor import MissingTaskError, Report, Request


class ToyVendor:
    name = "toy"

    def __init__(self, folder: Path, annotators: int):
        self.folder, self.annotators = folder, annotators

    def submit(self, request: Request) -> str:
        task = {"image": request.image_url, "people": self.annotators}
        (self.folder / f"{request.image.id}.task").write_text(json.dumps(task))
        return f"toy-{request.image.id}"

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        if not (self.folder / f"{image_id}.task").exists():
            raise MissingTaskError(f"no toy task of image {image_id}")
        answer = self.folder / f"{image_id}.answer"
        if not answer.exists():
            return Report(image_id, vendor_task_id, "open")
        return read_task(json.loads(answer.read_text()))

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        for answer in sorted(self.folder.glob("*.answer")):
            yield read_task(json.loads(answer.read_text()))


def read_task(body: Any) -> Report:
    try:
        boxes = [Box(*map(float, box)) for box in body["cars"]]
        image_id, annotator, moment = body["image"], body["who"], parse_timestamp(body["at"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidAnswerError(f"no answer of the toy vendor: {error!r}") from None
    objects = (LabeledObject(str(n), "car", "box", box) for n, box in enumerate(boxes))
    answer = Answer(
        image_id=image_id,
        vendor="toy",
        vendor_task_id=f"toy-{image_id}",
        annotation_id=annotator,
        annotator=annotator,
        state="labeled",
        objects=tuple(objects),
        updated_at=moment,
        image_width=None,
        image_height=None,
    )
    return Report(image_id, answer.vendor_task_id, "answered", (answer,), raw=body)


def read_callback(body: Any) -> list[Report]:
    if not isinstance(body, dict) or "event" not in body:
        raise InvalidAnswerError("no callback of the toy vendor")
    return [read_task(body["event"])]


TOY = Declaration(
    name="toy",
    variables=(
        Variable("TOY_FOLDER", required=True),
        Variable("TOY_SECRET", "secret", for_dispatch=False),
    ),
    open=lambda opening: ToyVendor(Path(opening.required("TOY_FOLDER")), people(opening)),
    callback=Callback("x-toy-secret", "TOY_SECRET", read_callback),
    read_task=read_task,
)


def people(opening: Opening) -> int:
    """What the template says of this vendor: `vendors: {toy: {people: 3}}`."""
    return opening.template.vendors.get("toy", {}).get("people", 1)
