"""Scores of a segmentation model: IoU and Dice of each label, and which pixels are confused.

All pixels of the split count together. A label that neither truth nor answers have is not defined
(None) and counts for no mean; one that is answered where it is not counts as 0. Pixels whose truth
nobody told count nowhere. So do scikit-learn's jaccard_score and f1_score, which a test compares.
"""

from typing import Any

import numpy as np

from vidset.training.scoring.noise import draw_counts
from vidset.training.scoring.pixels import MeanIous, PixelCounts, as_json, image_scores, iou

RIGHT_IOU = 0.5
"""An image counts as right, in slices, where the mean IoU of its own labels is so high."""
_DRAWS = 1_000


def is_right(counts: PixelCounts) -> np.ndarray:
    """(n,) bool. An image of which nothing is told has nothing wrong."""
    each = image_scores(counts)
    return np.isnan(each) | (each >= RIGHT_IOU)


def headline_scores(counts: PixelCounts) -> dict[str, float | None]:
    """Return the mean IoU over labels, that over pixels, and the share of pixels that are right."""
    matrix = counts.matrix
    both, pixels = float(np.trace(matrix)), float(matrix.sum())
    known = iou(matrix)
    known = known[~np.isnan(known)]
    return {
        "mean_iou": float(known.mean()) if len(known) else None,
        "mean_iou_micro": both / (2 * pixels - both) if pixels else None,
        "pixel_accuracy": both / pixels if pixels else None,
    }


def score_pixels(counts: PixelCounts) -> dict[str, Any]:
    """Return JSON-able scores.

    `interval` is of `mean_iou`: 95 % of draws of the images. `constant_guess` is the mean IoU of
    answering the most frequent label for each pixel: a score means nothing without it.
    """
    matrix = counts.matrix
    pixels = int(matrix.sum())
    each = iou(matrix)
    dice = 2 * each / (1 + each)
    labels = {
        label: _score_label(matrix, place, each[place], dice[place])
        for place, label in enumerate(counts.labels)
    }
    right = is_right(counts)
    return {
        "images": len(counts.matrices),
        "pixels": pixels,
        "ignored_pixels": int(counts.ignored.sum()),
        **headline_scores(counts),
        "dice": as_json(np.nan if np.isnan(dice).all() else float(np.nanmean(dice))),
        "interval": _interval(counts),
        "right": int(right.sum()),
        "right_share": float(right.mean()),
        "right_iou": RIGHT_IOU,
        "constant_guess": _constant_guess(matrix),
        "labels": labels,
        "confusion": {
            "labels": list(counts.labels),
            "matrix": matrix.tolist(),
            "shares": _shares(matrix),
        },
    }


def _score_label(matrix: np.ndarray, place: int, iou_: float, dice: float) -> dict[str, Any]:
    both = int(matrix[place, place])
    support, predicted = int(matrix[place].sum()), int(matrix[:, place].sum())
    return {
        "support": support,
        "predicted": predicted,
        "iou": as_json(iou_),
        "dice": as_json(dice),
        "precision": both / predicted if predicted else None,
        "recall": both / support if support else None,
    }


def _constant_guess(matrix: np.ndarray) -> float | None:
    support = matrix.sum(axis=1)
    if not support.sum():
        return None
    return float(support.max() / support.sum() / (support > 0).sum())


def _shares(matrix: np.ndarray) -> list[list[float] | None]:
    """Each row as shares of the label's pixels; None of a label without any."""
    return [(row / row.sum()).tolist() if row.sum() else None for row in matrix]


def _interval(counts: PixelCounts) -> list[float] | None:
    images = len(counts.matrices)
    side = MeanIous([[counts]], images)
    draws = draw_counts(images, np.random.default_rng(0), _DRAWS)
    drawn = np.concatenate([side.scores(each)[:, 0] for each in draws])
    drawn = drawn[~np.isnan(drawn)]
    return [float(edge) for edge in np.quantile(drawn, [0.025, 0.975])] if len(drawn) else None
