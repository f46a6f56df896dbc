"""The labeling part of `vidset demo`: the drive's truth answers each task, by a real callback.

The broker, its store and its HTTP are those of every other vendor; only who labels is not.
"""

import io
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidset.demo.labels_sheet import write_labels_sheet
from vidset.demo.scene import Scene
from vidset.elements import FrameRow
from vidset.formats.label_export import export_labels
from vidset.labeling.annotation import Annotation
from vidset.labeling.broker import open_broker
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.task import Image
from vidset.listening import listen, url_of
from vidset.local_labeling.dispatch import dispatch_images
from vidset.local_labeling.server import make_app, serving
from vidset.local_labeling.status import read_status
from vidset.place import Place
from vidset.storage.writing import write_atomically

ANSWERS, SHEET, COCO = "truth.jsonl", "labels.jpg", "coco.json"
_SUBTITLE = (
    "Each image was a task of the broker; each answer came back by an HTTP callback, was checked "
    "against the task template, and stored."
)


@dataclass(frozen=True, slots=True)
class Labeling:
    """The outcome of the labeling, in all and in this run.

    Attributes:
        objects: how many there are, by label.
        dispatched: tasks of this run.
        problems: what was refused or waits, in words.
        sheet, coco: paths; None without labeled images.
    """

    dispatched: int
    annotations: Mapping[str, int]
    objects: Mapping[str, int]
    quarantine: int
    problems: tuple[str, ...]
    sheet: str | None
    coco: str | None


def label_drive(scene: Scene, rows: Sequence[FrameRow], output: str, title: str) -> Labeling:
    """Have the kept samples labeled; those that have been before are not again."""
    kept = [row for row in rows if row.kept]
    answers = os.path.join(output, ANSWERS)
    write_answers([(scene, f"{row.image_id}", row.pts_seconds) for row in kept], Path(answers))
    place = Place.of(output)
    listening, log = listen("127.0.0.1", 0), io.StringIO()
    # And nothing of the user's: no task of the demo goes anywhere else.
    environment = truth_labels(answers, url_of(listening))
    broker = open_broker(place.settings("dispatch", environment))
    with serving(make_app(broker, place.images, place.images_root, log), listening, log):
        counts, problems = dispatch_images(broker, map(_image, kept))
    status = read_status(broker.store, broker.settings)
    sheet = coco = None
    if status["annotations"]["labeled"]:
        sheet, coco = os.path.join(output, SHEET), os.path.join(output, COCO)
        export_labels(broker.store, place, "coco", coco)
        write_labels_sheet(sheet, title, _SUBTITLE, _annotations(broker.store, kept))
    broker.store.close()
    said = log.getvalue().splitlines() if problems else []
    return Labeling(
        dispatched=counts["dispatched"],
        annotations=status["annotations"],
        objects=status["labels"],
        quarantine=status["quarantine"],
        problems=(*problems, *said),
        sheet=sheet,
        coco=coco,
    )


def truth_labels(answers: str, url: str) -> dict[str, str]:
    """Return the broker's settings under which the truth labels, and calls back at `url`."""
    return {
        "LABELING_VENDOR": "truth",
        "LABELING_TRUTH": answers,
        "LABELING_TRUTH_SECRET": secrets.token_urlsafe(),
        "LABELING_CALLBACK_URL": f"{url}/receive_annotation",
        "LABELING_IMAGE_ACCESS": f"{url}/images/{{name}}",
    }


def write_answers(samples: Iterable[tuple[Scene, str, float]], path: Path) -> None:
    """Write what the truth labeler reads, once, because the file's time orders the answers.

    Args:
        samples: of each image the scene, the image's id, and its time in the video (seconds).
    """
    lines = [json.dumps(_answer(*sample)) for sample in samples]
    text = "".join(f"{line}\n" for line in lines)
    if not path.exists() or path.read_text() != text:
        write_atomically(path, text)


def _answer(scene: Scene, image_id: str, pts_seconds: float) -> dict[str, Any]:
    seen = scene.objects_at(pts_seconds)
    return {
        "image_id": image_id,
        "state": "labeled",
        "image_width": scene.width,
        "image_height": scene.height,
        "objects": [
            {"id": str(number), "label": one.label, "type": "box", "box": asdict(one.box)}
            for number, one in enumerate(seen, 1)
        ],
    }


def _image(row: FrameRow) -> Image:
    return Image(f"{row.image_id}", f"{row.image_uri}", row.width, row.height)


def _annotations(store: Store, kept: Sequence[FrameRow]) -> list[Annotation]:
    """Return the samples' annotations, in their order."""
    found = {
        stored.id: Annotation.from_document(stored.document)
        for stored in store.find(Query("annotations", {"state": "labeled"}))
    }
    return [found[row.image_id] for row in kept if row.image_id in found]
