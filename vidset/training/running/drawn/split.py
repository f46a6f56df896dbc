"""Draws what a run's best epoch says of the images of a split, beside what is true."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.images.measures import decode
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.training.running.drawn.drawing import (
    Colour,
    colours_of,
    draw_label,
    draw_objects,
    draw_pixels,
    shown_in,
)
from vidset.training.running.drawn.folder import DrawnFolder, names_of
from vidset.training.running.drawn.strokes import LONGEST
from vidset.training.scoring.answer_scores import AnswerScores, answer_scores
from vidset.training.scoring.pixels import read_masks
from vidset.training.scoring.run import Run

_ROWS = 64


def draw_split(
    folder: DrawnFolder,
    run: Run,
    repository: Repository,
    images: Manifest,
    predictions: pa.Table,
    below: str,
    answer_score: float | None = None,
) -> int:
    """Draw the predictions for a split, one image after another. Returns how many there are.

    Args:
        images: the split's, of the version that was asked about.
        below: the folder in `folder` for them.
        answer_score: from which score on a detector's predictions are drawn; None: the best one of
            each label.
    """
    entries = {(entry.image_sha256, entry.image_uri): entry for entry in images}
    drawing = Drawing.of(run, answer_score)
    uris, hashes = (predictions[name].to_pylist() for name in ("image_uri", "image_sha256"))
    names = names_of(uris, hashes)
    for start in range(0, len(names), _ROWS):
        rows = predictions.slice(start, _ROWS).to_pylist()
        for name, row in zip(names[start : start + _ROWS], rows, strict=True):
            entry = entries[row["image_sha256"], row["image_uri"]]
            picture = decode(repository.read_image(entry), entry.image_uri)
            folder.put(f"{below}/{name}", drawing.draw(picture, row))
    return len(names)


class Drawing:
    """Draws rows of predictions of one run."""

    def __init__(
        self, task: str, scores: AnswerScores | None, colours: Mapping[str, Colour]
    ) -> None:
        self._task, self._scores, self._colours = task, scores, colours

    @classmethod
    def of(cls, run: Run, answer_score: float | None = None) -> "Drawing":
        """Return what draws a run's predictions, with a colour for each class."""
        scores = answer_scores(run, answer_score) if run.is_detection else None
        return cls(run.task, scores, colours_of(run.classes))

    def draw(
        self, picture: np.ndarray, row: Mapping[str, Any], longest: int = LONGEST
    ) -> np.ndarray:
        """Return the picture with a row's prediction and truth, (h, w, 3) uint8 RGB.

        Args:
            longest: the longer side of the picture, in pixels, at most.

        Raises:
            DatasetError: the row is none of such a run.
        """
        uri, truth, predicted = row["image_uri"], row["truth"], row["predicted"]
        if self._task == "classification":
            probabilities = row["probabilities"]
            return draw_label(picture, predicted, max(probabilities or [0]) or None, truth, longest)
        if self._task == "segmentation":
            true = None if truth is None else read_masks(truth, uri, "truth")
            masks = read_masks(predicted, uri, "predicted")
            return draw_pixels(
                picture, masks, true, self._of_labels([*(true or ()), *masks]), longest
            )
        found = shown_in(predicted, uri)
        if self._scores is not None:
            least = self._scores.least
            found = [each for each in found if each.thing.score >= least(each.thing.label)]
        there = None if truth is None else shown_in(truth, uri)
        labels = [each.thing.label for each in found]
        return draw_objects(picture, found, there, self._of_labels(labels), longest)

    def _of_labels(self, labels: list[str]) -> Mapping[str, Colour]:
        """Return a colour for each class, and for labels that are none."""
        others = set(labels) - self._colours.keys()
        return {**colours_of(others), **self._colours} if others else self._colours
