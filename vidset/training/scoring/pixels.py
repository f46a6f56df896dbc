"""Counts of pixels by their true label and the one that a model gave them, image by image.

Truths and answers are masks as run lengths. They are counted run by run, never pixel by pixel: an
image of a million pixels has some thousand runs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.formats.painting import BACKGROUND
from vidset.masks import Mask

_NOTHING = -1


@dataclass(frozen=True, slots=True, eq=False)
class PixelCounts:
    """The pixels of n images, in the order of the predictions.

    Attributes:
        labels: the model's classes, then labels of the images that it does not know, sorted.
        matrices: (n, labels, labels) int64: row the truth, column the answer. Pixels whose truth
            nobody told are in none.
        ignored: (n,) int64, how many these are.
    """

    labels: tuple[str, ...]
    matrices: np.ndarray
    ignored: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """(labels, labels) of all images together."""
        return self.matrices.sum(axis=0)


def count_pixels(predictions: pa.Table, classes: Sequence[str]) -> PixelCounts:
    """Count the pixels of a table of predictions.

    Where an answer says nothing of a pixel, it says `background`.

    Raises:
        DatasetError: truth or answer is no list of masks that leave each other alone, they are of
            different sizes, or something was answered that is none of the classes.
    """
    rows = predictions.select(["image_uri", "truth", "predicted"]).to_pylist()
    pairs = [(row["truth"], row["predicted"]) for row in rows]
    return count_masks(pairs, [row["image_uri"] for row in rows], classes)


def count_masks(
    pairs: Sequence[tuple[str | None, str]], uris: Sequence[str], classes: Sequence[str]
) -> PixelCounts:
    """Count the pixels of images, of each the text of its truth and that of the answer.

    Raises:
        DatasetError: as `count_pixels` says.
    """
    truths = [read_masks(truth, uri, "truth") for (truth, _), uri in zip(pairs, uris, strict=True)]
    answers = [
        read_masks(answer, uri, "predicted") for (_, answer), uri in zip(pairs, uris, strict=True)
    ]
    for uri, image in zip(uris, answers, strict=True):
        if unknown := sorted(set(image) - {*classes, BACKGROUND}):
            raise DatasetError(f"{uri}: {unknown[0]!r} was predicted, no class of {list(classes)}")
    others = {label for image in truths for label in image} - set(classes)
    if BACKGROUND not in classes and any(
        _covered(answer) < _size(answer, truth)
        for answer, truth in zip(answers, truths, strict=True)
    ):
        others.add(BACKGROUND)
    labels = (*classes, *sorted(others))
    places = {label: place for place, label in enumerate(labels)}
    found = [
        _count(truth, answer, places, uri)
        for truth, answer, uri in zip(truths, answers, uris, strict=True)
    ]
    matrices = np.array([matrix for matrix, _ in found], np.int64)
    return PixelCounts(
        labels,
        matrices.reshape(len(pairs), len(labels), len(labels)),
        np.array([ignored for _, ignored in found], np.int64),
    )


def masks_to_json(masks: Mapping[str, Mask]) -> str:
    """A mask for each label, as predictions keep them; `read_masks` reads it."""
    said = [{"label": label, "mask": mask.to_document()} for label, mask in masks.items()]
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def read_masks(text: str | None, uri: str, what: str) -> dict[str, Mask]:
    """Return the mask of each label.

    Raises:
        DatasetError: the text is no such list, or a mask is damaged.
    """
    try:
        said = [
            (each["label"], Mask.from_document(each["mask"])) for each in json.loads(text or "")
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DatasetError(f"{uri}: {what}: wanted a list of labels with masks: {error}") from None
    found = dict(said)
    if len(found) < len(said):
        raise DatasetError(f"{uri}: {what}: wanted one mask for each label, got several of one")
    if len({(mask.width, mask.height) for mask in found.values()}) > 1:
        raise DatasetError(f"{uri}: {what}: wanted masks of one size")
    return found


def _size(*several: Mapping[str, Mask]) -> int:
    sizes = [mask.width * mask.height for masks in several for mask in masks.values()]
    return max(sizes, default=0)


def _covered(masks: Mapping[str, Mask]) -> int:
    return sum(mask.area for mask in masks.values())


def _count(
    truth: Mapping[str, Mask], answer: Mapping[str, Mask], places: Mapping[str, int], uri: str
) -> tuple[np.ndarray, int]:
    """Return the matrix of one image, and how many of its pixels have no truth."""
    number = len(places)
    sizes = {(mask.width, mask.height) for masks in (truth, answer) for mask in masks.values()}
    if len(sizes) > 1:
        raise DatasetError(f"{uri}: wanted truth and answer of one size, got {sorted(sizes)}")
    if not sizes:
        return np.zeros((number, number), np.int64), 0
    [(width, height)] = sizes
    there, given = (_stretches(masks, places, uri) for masks in (truth, answer))
    bounds = np.unique(
        np.concatenate([there[0], there[1], given[0], given[1], [0, width * height]])
    )
    lengths, starts = np.diff(bounds), bounds[:-1]
    rows, columns = _labels_at(there, starts), _labels_at(given, starts)
    if (columns == _NOTHING).any() and BACKGROUND in places:
        columns = np.where(columns == _NOTHING, places[BACKGROUND], columns)
    is_told = rows != _NOTHING
    cells = rows[is_told] * number + columns[is_told]
    counts = np.bincount(cells, weights=lengths[is_told], minlength=number * number)
    ignored = int(lengths[~is_told].sum())
    return counts.astype(np.int64).reshape(number, number), ignored


def _stretches(
    masks: Mapping[str, Mask], places: Mapping[str, int], uri: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where stretches of pixels begin and end, down the columns, and their labels' places.

    Raises:
        DatasetError: two masks have a pixel in common.
    """
    starts, ends, labels = [], [], []
    for label, mask in masks.items():
        edges = np.cumsum(mask.runs())
        inside = edges[1::2] > edges[0::2][: len(edges[1::2])]
        starts.append(edges[0::2][: len(edges[1::2])][inside])
        ends.append(edges[1::2][inside])
        labels.append(np.full(len(ends[-1]), places[label]))
    if not starts:
        none = np.zeros(0, np.int64)
        return none, none, none
    first, last, which = np.concatenate(starts), np.concatenate(ends), np.concatenate(labels)
    order = np.argsort(first, kind="stable")
    first, last, which = first[order], last[order], which[order]
    if (first[1:] < last[:-1]).any():
        raise DatasetError(f"{uri}: wanted one label for each pixel, got masks that overlap")
    return first, last, which


def _labels_at(stretches: tuple[np.ndarray, np.ndarray, np.ndarray], at: np.ndarray) -> np.ndarray:
    """Return the place of the label at each position; -1 where there is none."""
    first, last, which = stretches
    if not len(first):
        return np.full(len(at), _NOTHING)
    place = np.searchsorted(first, at, side="right") - 1
    inside = (place >= 0) & (at < last[np.maximum(place, 0)])
    return np.where(inside, which[np.maximum(place, 0)], _NOTHING)


def image_scores(counts: PixelCounts) -> np.ndarray:
    """(n,) the mean IoU of each image alone, over the labels in it; NaN where it tells nothing."""
    each = iou(counts.matrices)
    is_defined = ~np.isnan(each)
    number = is_defined.sum(axis=1)
    total = np.where(is_defined, each, 0).sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def iou(matrices: np.ndarray) -> np.ndarray:
    """Intersection over union of each label, (..., labels) from (..., labels, labels) counts.

    NaN where neither truth nor answers have a pixel of the label.
    """
    both = np.diagonal(matrices, axis1=-2, axis2=-1)
    either = matrices.sum(axis=-1) + matrices.sum(axis=-2) - both
    return np.where(either > 0, both / np.maximum(either, 1), np.nan)


def mean_iou(matrices: np.ndarray) -> np.ndarray:
    """The mean of `iou` over the labels that it is defined for, (...); NaN where there is none."""
    each = iou(matrices)
    is_defined = ~np.isnan(each)
    number = is_defined.sum(axis=-1)
    total = np.where(is_defined, each, 0).sum(axis=-1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class MeanIous:
    """The runs of a side: each as the counts of one or several epochs, whose mean it scores.

    It is what `vidset.training.scoring.noise` asks for draws of the images.
    """

    runs: Sequence[Sequence[PixelCounts]]
    images: int

    def scores(self, counts: np.ndarray) -> np.ndarray:
        return np.stack(
            [np.mean([_drawn(epoch, counts) for epoch in run], axis=0) for run in self.runs], axis=1
        )


def _drawn(epoch: PixelCounts, counts: np.ndarray) -> np.ndarray:
    number = len(epoch.labels)
    flat = epoch.matrices.reshape(len(epoch.matrices), number * number).astype(np.float64)
    return mean_iou((counts @ flat).reshape(len(counts), number, number))


def as_json(value: float) -> float | None:
    """None for NaN."""
    return None if np.isnan(value) else float(value)
