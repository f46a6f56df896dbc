"""An extraction with labels of every kind, to export."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.labels import make_output
from vidset.formats.export import ExportedFiles, export_files
from vidset.labeling.annotation import Annotation, AnnotationState, Box, LabeledObject, outline
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Write
from vidset.labeling.task import Image
from vidset.place import Place

TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# The images, by name below OUT/images.
FIRST, SECOND, THIRD, EMPTY = (
    "a/0/0000000000.jpg",
    "a/0/0000001000.jpg",
    "a/0/0000002000.jpg",
    "b/c d.1/0/0000000000.jpg",
)
SKIPPED, REJECTED = "b/c d.1/0/0000001000.jpg", "b/c d.1/0/0000002000.jpg"

CAR = LabeledObject(
    "c1", "car", "box", box=Box(1.5, 2.25, 20.5, 10.0), attributes={"occluded": "partly", "n": 2}
)
PERSON = LabeledObject("p1", "person", "box", box=Box(0.0, 0.0, 64.0, 48.0))
ROAD = LabeledObject(
    "r1", "road", "polygon", rings=outline(((4.0, 40.0), (30.0, 20.0), (60.0, 44.0))), attributes={}
)
RAIN = LabeledObject("w1", "rain", "classification")


def make_labeled(folder: Path, labels: dict[str, tuple[LabeledObject, ...]] | None = None) -> Path:
    """OUT with six images: four that are labeled, one without objects, one skipped, one rejected.

    Args:
        labels: these objects instead, and no other image is labeled.
    """
    make_output(folder, {"a.mp4": 4, "b/c d.1.mp4": 4})
    if labels is None:
        everything = {FIRST: (CAR, PERSON), SECOND: (CAR,), THIRD: (ROAD, RAIN), EMPTY: ()}
        annotate(folder, everything)
        annotate(folder, {SKIPPED: ()}, "skipped")
        annotate(folder, {REJECTED: ()}, "rejected")
    else:
        annotate(folder, labels)
    return folder


def annotate(
    folder: Path,
    labels: dict[str, tuple[LabeledObject, ...]],
    state: AnnotationState = "labeled",
) -> None:
    images = images_of(folder)
    write_annotations(
        folder / "labels.sqlite", [(images[name], labels[name], state) for name in labels]
    )


def images_of(folder: Path) -> dict[str, Image]:
    place = Place.of(str(folder))
    return {place.name_of(image.id, image.uri): image for image in place.images()}


def write_annotations(
    path: Path, labeled: Iterable[tuple[Image, tuple[LabeledObject, ...], AnnotationState]]
) -> None:
    store = SqliteStore(path)
    for image, objects, state in labeled:
        annotation = Annotation(
            image_id=image.id,
            image_uri=image.uri,
            image_width=image.width,
            image_height=image.height,
            objects=objects,
            vendor="truth",
            vendor_task_id="7",
            annotator="ann",
            state=state,
            revision=1,
            updated_at=TIME,
            written_at=TIME,
        )
        store.commit([Write("annotations", image.id, annotation.to_document())])
    store.close()


def export(name: str, out: Path, to: Path, **options) -> ExportedFiles:
    return export_files(name, Place.of(str(out)), str(to), **options)
