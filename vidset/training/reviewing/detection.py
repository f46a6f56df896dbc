"""Errors of a detector as a review shows them: images whose objects were missed or made up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import read_objects
from vidset.labeling.shapes import turned_corners
from vidset.outlines import outlines
from vidset.training.reviewing.analysis import Analysis, describe
from vidset.training.reviewing.twins import Twins
from vidset.training.scoring.answer_scores import AnswerScores
from vidset.training.scoring.detection import keep_answers, match_images, score_objects
from vidset.training.scoring.matching import Matched, Thing, read_things
from vidset.training.scoring.predictions import rows_of

_TRUE, _EXTRA, _OUTLINE = (30, 160, 80), (214, 48, 49), (240, 200, 40)


def analyse_objects(
    predictions: pa.Table,
    classes: Sequence[str],
    manifest: Manifest,
    twins: Twins,
    *,
    scores: AnswerScores,
    most: int,
) -> Analysis:
    """Return scores, and the images with mistakes: those with the surest mistakes first.

    An image's score is 1 minus the highest score of a prediction that hits nothing, times the
    share of its objects that were found: low where a label is likely missing or wrong.
    """
    rows = rows_of(predictions, manifest)
    truths, found = read_things(predictions, "truth"), read_things(predictions, "predicted")
    answers = keep_answers(found, scores)
    matched = match_images(truths, answers)
    wrong = [place for place, one in enumerate(matched) if not one.is_exact]
    quality = {p: _quality(truths[p], answers[p], matched[p]) for p in wrong}
    order = sorted(wrong, key=lambda p: (quality[p], p))
    hardness = sorted(wrong, key=lambda p: (-_mistakes(matched[p]), quality[p], p))
    rank = {place: number + 1 for number, place in enumerate(hardness)}
    shown = [
        {
            **describe(rows[place]),
            "label": _summary(truths[place]),
            "predicted": _summary(answers[place]),
            "suggested": _reason(matched[place]),
            "score": quality[place],
            "is_flagged": bool(matched[place].extra),
            "loss": float(_mistakes(matched[place])),
            "queue": number + 1,
            "hardness": rank[place],
            "guesses": [],
            "reason": _reason(matched[place]),
            "flags": twins.flags(rows[place]["image_sha256"]),
            "objects": _objects(truths[place], answers[place], matched[place]),
            "outlines": _outlines(rows[place].get("objects")),
        }
        for number, place in enumerate(order[:most])
    ]
    details = {
        "task": "detection",
        "scores": score_objects(truths, found, classes, scores),
        "classes": list(classes),
        "flagged": sum(bool(one.extra) for one in matched),
        "wrong": len(wrong),
        "shown": shown,
    }
    return Analysis(details, [rows[place] for place in wrong])


def draw_objects(picture: np.ndarray, image: Mapping[str, Any]) -> np.ndarray:
    """The picture with true objects in green (missed ones thick) and made-up ones in red.

    Of what is labeled otherwise than by an upright box, the outline stands in yellow.
    """
    drawn = picture.copy()
    for outline in image.get("outlines", ()):
        lines = [np.array(ring, float).round().astype(np.int32) for ring in outline["rings"]]
        cv2.polylines(drawn, lines, isClosed=True, color=_OUTLINE, thickness=1)
    for thing in image["objects"]:
        corner = round(thing["x"]), round(thing["y"])
        other = round(thing["x"] + thing["width"]), round(thing["y"] + thing["height"])
        colour = _EXTRA if thing["is"] == "extra" else _TRUE
        cv2.rectangle(drawn, corner, other, colour, 3 if thing["is"] == "missed" else 1)
    return drawn


def _outlines(objects: str | None) -> list[dict[str, Any]]:
    """The lines around what is labeled as a mask, as rings or as a turned box."""
    found = []
    for thing in read_objects(objects):
        rings = [ring.points for ring in thing.rings]
        if thing.mask:
            rings = [points for points, _ in outlines(thing.mask.pixels())]
        if thing.box and thing.box.angle:
            rings = [turned_corners(thing.box)]
        if rings:
            found.append({"label": thing.label, "rings": [list(map(list, ring)) for ring in rings]})
    return found


def _mistakes(matched: Matched) -> int:
    return len(matched.extra) + len(matched.missed)


def _quality(truths: Sequence[Thing], answers: Sequence[Thing], matched: Matched) -> float:
    surest = max((answers[place].score for place in matched.extra), default=0.0)
    share = 1 - len(matched.missed) / len(truths) if truths else 1.0
    return (1 - surest) * share


def _summary(things: Sequence[Thing]) -> str:
    counts = Counter(thing.label for thing in things)
    return ", ".join(f"{number} {label}" for label, number in sorted(counts.items())) or "nothing"


def _reason(matched: Matched) -> str:
    return f"{len(matched.missed)} missed, {len(matched.extra)} where nothing is labeled"


def _objects(
    truths: Sequence[Thing], answers: Sequence[Thing], matched: Matched
) -> list[dict[str, Any]]:
    def one(thing: Thing, what: str) -> dict[str, Any]:
        box = {name: getattr(thing, name) for name in ("x", "y", "width", "height")}
        return {"label": thing.label, **box, "score": thing.score, "is": what}

    return [
        *(one(t, "missed" if i in matched.missed else "found") for i, t in enumerate(truths)),
        *(one(answers[place], "extra") for place in matched.extra),
    ]
