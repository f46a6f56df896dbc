"""Draws what a run's predictions say of a place's images, beside what people said of them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import decode, format_of
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.objects import object_of
from vidset.labeling.shapes import box_around, pixels_of
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Key, Store
from vidset.masks import Mask
from vidset.place_images import ImageFiles, KeptImage
from vidset.prediction.predicting import Request, images_of
from vidset.prediction.storing import predictions_of
from vidset.prediction.work import PROBLEMS, entry_of, told
from vidset.training.models.label_planes import true_masks, unusable
from vidset.training.running.drawn.drawing import colours_of
from vidset.training.running.drawn.folder import DrawnFolder, drawn_name
from vidset.training.running.drawn.split import Drawing
from vidset.training.scoring.pixels import masks_to_json
from vidset.training.scoring.run import Run, read_run

_AT_ONCE = 150


def open_drawn(request: Request, folder: Path) -> DrawnFolder:
    """Open a folder for the pictures of a run's predictions.

    Raises:
        ValueError: it holds other things.
        DatasetError: the run cannot be used.
    """
    return DrawnFolder.open(folder, {"run_id": read_run(request.run).run_id, "version": None})


def draw_place(
    request: Request, folder: DrawnFolder, show: Callable[[int], None] = lambda _: None
) -> tuple[int, list[str]]:
    """Draw all images of the place that the run has predicted, as far as that is not done.

    What is drawn are the objects that annotators begin with. The same call goes on.

    Args:
        show: is called with the number of drawn images, after each.

    Returns:
        How many were drawn, and of the first images that could not be read why.

    Raises:
        DatasetError: the run cannot be used.
        ValueError: the place, its settings or its store cannot be used.
    """
    run = read_run(request.run)
    drawing = Drawing(run.task, None, colours_of(run.classes))
    files = ImageFiles(str(request.place.out), request.place.files_root)
    store = open_store(request.place.settings("inspect").store)
    number, problems = 0, []
    try:
        images_left = images_of(request)
        while images := list(islice(images_left, _AT_ONCE)):
            for image, prediction, annotation in _said(store, images, run):
                name = drawn_name(files.name(image.id, image.uri))
                if prediction is None or folder.has(name):
                    continue
                try:
                    data = files.read(image.id, image.uri)
                    picture = decode(data, image.uri)
                    entry = entry_of(image, format_of(data, image.uri), _objects_of(annotation))
                except (DatasetError, OSError, ValueError) as error:
                    problems = [*problems, told(image, error)][:PROBLEMS]
                    continue
                row = _row(run, image, prediction, None if annotation is None else entry)
                folder.put(name, drawing.draw(picture, row))
                number += 1
                show(number)
    finally:
        store.close()
    return number, problems


def _said(
    store: Store, images: Sequence[KeptImage], run: Run
) -> list[tuple[KeptImage, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Return for each image what the run has said of it, and what people have."""
    keys: list[Key] = [("annotations", image.id) for image in images]
    labeled = [
        found.document if found is not None and found.document["state"] == "labeled" else None
        for found in store.get(*keys)
    ]
    predicted = predictions_of(store, [image.id for image in images], run.run_id)
    return list(zip(images, predicted, labeled, strict=True))


def _objects_of(annotation: Mapping[str, Any] | None) -> str:
    return to_json([] if annotation is None else annotation["objects"])


def _row(
    run: Run, image: KeptImage, prediction: Mapping[str, Any], true: Entry | None
) -> dict[str, Any]:
    """Return what was said as a row of predictions."""
    objects = prediction["objects"]
    scores = prediction["scores"] or [None] * len(objects)
    if run.task == "classification":
        words = [thing.label for thing in (true.things if true else ()) if not thing.bounds]
        return {
            "image_uri": image.uri,
            "predicted": objects[0]["label"] if objects else "nothing to begin with",
            "probabilities": [scores[0]] if objects and scores[0] is not None else None,
            "truth": ", ".join(words) or None,
        }
    if run.is_segmentation:
        masks = {each["label"]: Mask.from_document(each["mask"]) for each in objects}
        is_known = true is not None and unusable(true) is None
        return {
            "image_uri": image.uri,
            "predicted": masks_to_json(masks),
            "truth": masks_to_json(true_masks(true)) if is_known and true else None,
        }
    found = [_thing(each, image, score) for each, score in zip(objects, scores, strict=True)]
    there = None if true is None else [_thing(thing.document, image) for thing in true.things]
    return {
        "image_uri": image.uri,
        "predicted": to_json([each for each in found if each]),
        "truth": None if there is None else to_json([each for each in there if each]),
    }


def _thing(
    document: Mapping[str, Any], image: KeptImage, score: float | None = None
) -> dict[str, Any] | None:
    """Return an object as predictions have it; None of what is not drawn, such as a word."""
    item = object_of(document).labeled
    around = box_around(item)
    if around is None:
        return None
    mask = item.mask
    if item.rings:
        mask = Mask.of(pixels_of(item, image.width, image.height))
    return {
        "label": item.label,
        "box": {name: getattr(around, name) for name in ("x", "y", "width", "height")},
        **({} if mask is None else {"mask": mask.to_document()}),
        **({} if score is None else {"score": score}),
    }
