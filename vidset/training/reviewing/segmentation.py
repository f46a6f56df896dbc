"""Errors of a segmentation as a review shows them: images of which many pixels are taken wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest
from vidset.formats.painting import BACKGROUND
from vidset.masks import Mask
from vidset.training.reviewing.analysis import Analysis, describe
from vidset.training.reviewing.twins import Twins
from vidset.training.scoring.pixels import PixelCounts, count_pixels, image_scores, read_masks
from vidset.training.scoring.predictions import rows_of
from vidset.training.scoring.segmentation import is_right, score_pixels

_WRONG = np.array((214, 48, 49), np.float32)
_MOST_PAIRS = 3


def analyse_pixels(
    predictions: pa.Table,
    classes: Sequence[str],
    manifest: Manifest,
    twins: Twins,
    *,
    most: int,
) -> Analysis:
    """Return scores, and the images with the lowest mean IoU first.

    An image's score is the mean IoU of its own labels; it counts as wrong where that is low. Beside
    it stands which label was taken for which, and a mask of the pixels that are wrong.
    """
    rows = rows_of(predictions, manifest)
    counts = count_pixels(predictions, classes)
    scores, right = image_scores(counts), is_right(counts)
    wrong_pixels = counts.matrices.sum(axis=(1, 2)) - np.trace(counts.matrices, axis1=1, axis2=2)
    order = [p for p in np.argsort(scores, kind="stable").tolist() if wrong_pixels[p]]
    hardness = {p: n for n, p in enumerate(np.argsort(-wrong_pixels, kind="stable").tolist(), 1)}
    truths, answers = predictions["truth"].to_pylist(), predictions["predicted"].to_pylist()
    shown = []
    for number, place in enumerate(order[:most], 1):
        uri = rows[place]["image_uri"]
        reason = _reason(counts, place)
        truth, answer = (
            read_masks(text, uri, what)
            for text, what in ((truths[place], "truth"), (answers[place], "predicted"))
        )
        shown.append(
            {
                **describe(rows[place]),
                "label": ", ".join(truth),
                "predicted": ", ".join(answer),
                "suggested": reason,
                "score": float(scores[place]),
                "is_flagged": not right[place],
                "loss": float(wrong_pixels[place]),
                "queue": number,
                "hardness": hardness[place],
                "guesses": [],
                "reason": reason,
                "flags": twins.flags(rows[place]["image_sha256"]),
                "wrong_pixels": _wrong_mask(truth, answer).to_document(),
            }
        )
    details = {
        "task": "segmentation",
        "scores": score_pixels(counts),
        "classes": list(counts.labels),
        "flagged": int((~right).sum()),
        "wrong": int((~right).sum()),
        "shown": shown,
    }
    return Analysis(details, [rows[place] for place in np.flatnonzero(~right)])


def draw_wrong_pixels(picture: np.ndarray, image: Mapping[str, Any]) -> np.ndarray:
    """The picture with the pixels in red that were taken for another label."""
    wrong = Mask.from_document(image["wrong_pixels"]).pixels()
    drawn = picture.copy()
    drawn[wrong] = (0.35 * drawn[wrong] + 0.65 * _WRONG).astype(np.uint8)
    return drawn


def _reason(counts: PixelCounts, place: int) -> str:
    matrix = counts.matrices[place].copy()
    pixels = matrix.sum()
    np.fill_diagonal(matrix, 0)
    pairs = np.argsort(-matrix, axis=None, kind="stable")[:_MOST_PAIRS]
    said = [
        f"{counts.labels[row]} taken for {counts.labels[column]} {matrix[row, column] / pixels:.1%}"
        for row, column in (divmod(int(pair), len(counts.labels)) for pair in pairs)
        if matrix[row, column]
    ]
    return f"{matrix.sum() / pixels:.1%} of its pixels are wrong: {', '.join(said)}"


def _wrong_mask(truth: Mapping[str, Mask], answer: Mapping[str, Mask]) -> Mask:
    size = next(iter(truth.values()))
    told, right = (np.zeros((size.height, size.width), bool) for _ in range(2))
    answered = np.zeros_like(told)
    for mask in answer.values():
        answered |= mask.pixels()
    for label, mask in truth.items():
        pixels = mask.pixels()
        told |= pixels
        if label in answer:
            right |= pixels & answer[label].pixels()
        if label == BACKGROUND:
            right |= pixels & ~answered
    return Mask.of(told & ~right)
