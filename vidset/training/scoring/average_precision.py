"""AP at IoU 0.5 of a detector on any draw of the images, for bootstrap intervals.

It is COCO's: predictions are matched once, and their precision and recall are counted again for
each draw, which is a thousand times faster than evaluating each draw from its boxes. A test holds
it to faster-coco-eval's figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidset.training.scoring.matching import Thing, match

MOST_PREDICTIONS = 100  # COCO's limit: of one label in one image.
_RECALLS = np.linspace(0, 1, 101)
_AT_ONCE = 2_000_000  # Numbers in memory.


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """One label's predictions, the surest first, and where its objects are.

    Attributes:
        image: (predictions,) the image of each.
        is_hit: (predictions,) whether it found an object that none before it did.
        scores: (predictions,) how sure the model was.
        objects: (images,) how many true objects of the label each image has.
    """

    image: np.ndarray
    is_hit: np.ndarray
    scores: np.ndarray
    objects: np.ndarray


def rank(
    truths: Sequence[Sequence[Thing]], predicted: Sequence[Sequence[Thing]], labels: Sequence[str]
) -> dict[str, Ranked]:
    """Match predictions and truths, image by image, and rank the predictions of each label."""
    rows: dict[str, list[tuple[int, bool, float]]] = {label: [] for label in labels}
    objects = {label: np.zeros(len(truths)) for label in labels}
    for image, (there, found) in enumerate(zip(truths, predicted, strict=True)):
        for thing in there:
            if thing.label in objects:
                objects[thing.label][image] += 1
        kept = _surest(found)
        hits = {place for place, _, _ in match(there, kept).pairs}
        for place, thing in enumerate(kept):
            if thing.label in rows:
                rows[thing.label].append((image, place in hits, thing.score))
    ranked = {}
    for label in labels:
        scores = np.array([score for _, _, score in rows[label]], np.float64)
        order = np.argsort(-scores, kind="stable")
        ranked[label] = Ranked(
            image=np.array([image for image, _, _ in rows[label]], np.int64)[order],
            is_hit=np.array([is_hit for _, is_hit, _ in rows[label]], np.float64)[order],
            scores=scores[order],
            objects=objects[label],
        )
    return ranked


@dataclass(frozen=True, slots=True, eq=False)
class Precisions:
    """The runs of a side, each as the ranked predictions of one or several epochs.

    A run's score is the mean AP50 of its epochs, each the mean over labels that a draw has objects
    of.
    """

    runs: Sequence[Sequence[dict[str, Ranked]]]
    images: int

    def scores(self, counts: np.ndarray) -> np.ndarray:
        return np.stack(
            [
                np.mean([_mean_over_labels(epoch, counts) for epoch in run], axis=0)
                for run in self.runs
            ],
            axis=1,
        )


def _mean_over_labels(epoch: dict[str, Ranked], counts: np.ndarray) -> np.ndarray:
    """Return (draws,) AP50; NaN where no image of a draw has an object."""
    each = np.stack([average_precision_50(one, counts) for one in epoch.values()])
    is_defined = ~np.isnan(each)
    number = is_defined.sum(axis=0)
    total = np.where(is_defined, each, 0).sum(axis=0)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def average_precision_50(ranked: Ranked, counts: np.ndarray) -> np.ndarray:
    """Return (draws,) AP50 of one label; NaN where a draw has no object of it.

    Args:
        counts: (draws, images): how often each image is in a draw.
    """
    objects = counts @ ranked.objects
    found = np.where(objects > 0, 0.0, np.nan)
    if not len(ranked.image):
        return found
    is_hit = ranked.is_hit > 0
    at_once = max(1, _AT_ONCE // len(ranked.image))
    for start in range(0, len(counts), at_once):
        part = slice(start, start + at_once)
        weights = counts[part][:, ranked.image]
        hits = np.cumsum(weights * ranked.is_hit, axis=1)
        precision = hits / np.maximum(np.cumsum(weights, axis=1), np.finfo(float).tiny)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        # Recall grows at hits alone: each has as many of COCO's recalls as it reaches first.
        recall = hits[:, is_hit] / np.maximum(objects[part], 1)[:, None]
        reached = np.searchsorted(_RECALLS, recall, side="right")
        newly = np.diff(reached, axis=1, prepend=1)
        average = (best[:, 0] + (best[:, is_hit] * newly).sum(axis=1)) / len(_RECALLS)
        found[part] = np.where(objects[part] > 0, average, np.nan)
    return found


def _surest(found: Sequence[Thing]) -> list[Thing]:
    """Return an image's predictions without those beyond COCO's limit for each label."""
    kept: list[Thing] = []
    counted: dict[str, int] = {}
    for thing in sorted(found, key=lambda thing: -thing.score):
        counted[thing.label] = counted.get(thing.label, 0) + 1
        if counted[thing.label] <= MOST_PREDICTIONS:
            kept.append(thing)
    return kept
