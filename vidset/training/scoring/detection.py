"""Scores of a detector: AP as COCO defines it, and what it finds at one score and overlap."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from vidset.training.scoring.answer_scores import AnswerScores
from vidset.training.scoring.intervals import wilson
from vidset.training.scoring.matching import IOU, Matched, Thing, match
from vidset.training.scoring.parts import PARTS

_RECALLS = tuple(range(0, 101, 10))
_SIZES = ("small", "medium", "large")  # COCO's, in its order.


def keep_answers(predicted: Sequence[Sequence[Thing]], scores: AnswerScores) -> list[list[Thing]]:
    """Return each image's predictions that are sure enough to count as answers."""
    return [
        [thing for thing in image if thing.score >= scores.least(thing.label)]
        for image in predicted
    ]


def match_images(
    truths: Sequence[Sequence[Thing]], answers: Sequence[Sequence[Thing]]
) -> list[Matched]:
    """Match each image's answers and truths, one to one."""
    return [match(there, found) for there, found in zip(truths, answers, strict=True)]


def score_objects(
    truths: Sequence[Sequence[Thing]],
    predicted: Sequence[Sequence[Thing]],
    classes: Sequence[str],
    scores: AnswerScores,
) -> dict[str, Any]:
    """Return JSON-able scores. AP takes all predictions; the others take answers alone.

    An image without objects counts as right where nothing is found in it, and takes nothing from AP
    but for what is found in it all the same. None says that a value is not defined. Where all
    objects, true and found, have masks, `masks` and `parts` are what `average_precision` says of
    these; `parts` also tells how many columns and rows there are.
    """
    labels = sorted(set(classes) | {thing.label for image in truths for thing in image})
    answers = keep_answers(predicted, scores)
    matched = match_images(truths, answers)
    right = sum(one.is_exact for one in matched)
    average = average_precision(truths, predicted, labels)
    return {
        "images": len(truths),
        "objects": sum(len(image) for image in truths),
        "images_without_objects": sum(not image for image in truths),
        "exact": right,
        "exact_share": right / len(truths),
        "interval": list(wilson(right, len(truths))),
        "ap": average["ap"],
        "ap50": average["ap50"],
        "sizes": average["sizes"],
        **(_by_pixels(truths, predicted, labels) if _masked(truths, predicted) else {}),
        "answer_scores_by": scores.chosen_by,
        "answer_iou": IOU,
        "labels": {
            label: {
                "answer_score": scores.least(label),
                **_count(label, truths, answers, matched),
                **average["labels"][label],
            }
            for label in labels
        },
    }


def masked_scores(
    truths: Sequence[Sequence[Thing]], predicted: Sequence[Sequence[Thing]], labels: Sequence[str]
) -> dict[str, Any]:
    """Return AP and AP50 of objects with masks, by boxes, masks and parts; AP50 of boxes first."""
    found: dict[str, Any] = {}
    ways: Sequence[tuple[Literal["boxes", "masks", "parts"], str]] = (
        ("boxes", ""),
        ("masks", "_masks"),
        ("parts", "_parts"),
    )
    for by, ending in ways:
        average = average_precision(truths, predicted, labels, by=by)
        found |= {f"ap50{ending}": average["ap50"], f"ap{ending}": average["ap"]}
    return found


def average_precision(
    truths: Sequence[Sequence[Thing]],
    predicted: Sequence[Sequence[Thing]],
    labels: Sequence[str],
    *,
    by: Literal["boxes", "masks", "parts"] = "boxes",
) -> dict[str, Any]:
    """Return COCO's AP (IoU 0.5 to 0.95) and AP50 of 100 predictions an image at most.

    They are faster-coco-eval's. By parts, the overlap of two objects is the lowest IoU of the three
    columns and the three rows that each of their masks is cut into, so that an object counts as
    found only if all its parts are: see `vidset.training.scoring.parts.least_overlap`.

    The curve of a label is its precision at recall 0, 0.1, ... 1 with IoU 0.5. The fine one has 101
    recalls, 0, 0.01, ... 1, and for each the score from which predictions reach it; None where none
    does. A label that no image has counts for nothing (None). `sizes` has AP by objects' areas, in
    pixels: below 32 x 32, up to 96 x 96, and above.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    number = {label: place + 1 for place, label in enumerate(labels)}
    there = COCO(
        {
            "images": [
                {"id": place + 1, **_size(things)}
                for place, things in enumerate(zip(truths, predicted, strict=True))
            ],
            "categories": [{"id": number[label], "name": label} for label in labels],
            "annotations": [
                {**_annotation(thing, image, number, by), "id": place + 1}
                for place, (image, thing) in enumerate(_numbered(truths))
            ],
        }
    )
    found = there.loadRes(
        [
            {**_annotation(thing, image, number, by), "score": thing.score}
            for image, thing in _numbered(predicted)
            if thing.label in number
        ]
    )
    if by == "parts":
        from vidset.training.scoring.coco_parts import EvaluationByParts

        evaluation = EvaluationByParts(there, found, truths, predicted, labels)
    else:
        evaluation = COCOeval_faster(there, found, iouType="bbox" if by == "boxes" else "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    # (IoU 0.5 ... 0.95, 101 recalls, labels, areas, most predictions); -1: no true object.
    by_size = np.asarray(evaluation.eval["precision"])[:, :, :, :, -1]
    precision = by_size[:, :, :, 0]
    reached = np.asarray(evaluation.eval["scores"])[0, :, :, 0, -1]
    return {
        "ap": _mean(precision),
        "ap50": _mean(precision[0]),
        "sizes": {name: _mean(by_size[:, :, :, at]) for at, name in enumerate(_SIZES, 1)},
        "labels": {
            label: {
                "ap": _mean(precision[:, :, place]),
                "ap50": _mean(precision[0, :, place]),
                "curve": [
                    None if value < 0 else float(value)
                    for value in precision[0, list(_RECALLS), place]
                ],
                "fine_curve": _fine_curve(precision[0, :, place], reached[:, place]),
            }
            for place, label in enumerate(labels)
        },
    }


def _fine_curve(precision: np.ndarray, reached: np.ndarray) -> dict[str, list[float | None]]:
    """Returns precision and score at each of 101 recalls; a recall that is not reached has neither
    a score nor a precision above 0.
    """
    is_reached = precision > 0
    return {
        "precision": [None if value < 0 else float(value) for value in precision],
        "score": [
            float(value) if is_there else None
            for value, is_there in zip(reached, is_reached, strict=True)
        ],
    }


def _numbered(images: Sequence[Sequence[Thing]]) -> list[tuple[int, Thing]]:
    return [(place + 1, thing) for place, image in enumerate(images) for thing in image]


def _size(things: Iterable[Sequence[Thing]]) -> dict[str, int]:
    """Return the image's size, as the masks of its truths or predictions tell it."""
    masks = (thing.mask for several in things for thing in several)
    mask = next((mask for mask in masks if mask), None)
    return {"height": mask.height, "width": mask.width} if mask else {"height": 1, "width": 1}


def _masked(truths: Sequence[Sequence[Thing]], predicted: Sequence[Sequence[Thing]]) -> bool:
    """Returns whether there are true objects, and they and all that was found have masks.

    Without its mask, a prediction would count as one whose mask fills its box.
    """
    return any(truths) and all(thing.mask for image in (*truths, *predicted) for thing in image)


def _by_pixels(
    truths: Sequence[Sequence[Thing]], predicted: Sequence[Sequence[Thing]], labels: Sequence[str]
) -> dict[str, Any]:
    return {
        "masks": average_precision(truths, predicted, labels, by="masks"),
        "parts": {
            "columns": PARTS,
            "rows": PARTS,
            **average_precision(truths, predicted, labels, by="parts"),
        },
    }


def _annotation(thing: Thing, image: int, number: dict[str, int], by: str) -> dict[str, Any]:
    """Return an object as COCO has it.

    A box beside a prediction's mask would be its area for the library, which tells sizes by it.
    """
    mask = {"segmentation": thing.mask.to_document()} if thing.mask else {}
    box = [thing.x, thing.y, thing.width, thing.height]
    return {
        **mask,
        "image_id": image,
        "category_id": number[thing.label],
        **({"bbox": box} if by == "boxes" or not mask else {}),
        "area": thing.mask.area if thing.mask else thing.width * thing.height,
        "iscrowd": 0,
    }


def _mean(values: np.ndarray) -> float | None:
    defined = values[values >= 0]
    return float(defined.mean()) if defined.size else None


def _count(
    label: str,
    truths: Sequence[Sequence[Thing]],
    answers: Sequence[Sequence[Thing]],
    matched: Sequence[Matched],
) -> dict[str, Any]:
    support = sum(thing.label == label for image in truths for thing in image)
    given = sum(thing.label == label for image in answers for thing in image)
    hits = sum(
        image[at].label == label
        for image, one in zip(truths, matched, strict=True)
        for _, at, _ in one.pairs
    )
    return {
        "support": support,
        "predicted": given,
        "precision": hits / given if given else None,
        "recall": hits / support if support else None,
        "f1": 2 * hits / (support + given) if support + given else None,
    }
