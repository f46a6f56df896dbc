"""COCO's evaluation of objects that agree in each of their parts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from vidset.training.scoring.matching import Thing
from vidset.training.scoring.parts import least_overlap

_LEAST = 0.5  # COCO asks for no lower IoU.


class EvaluationByParts(COCOeval_faster):
    """COCO's evaluation of masks, in which the overlap of two objects is that of their parts.

    Args:
        truths, predicted: the objects of each image, in the order of the datasets' images; all have
            masks.
        labels: in the order of the datasets' categories.
    """

    def __init__(
        self,
        there: COCO,
        found: COCO,
        truths: Sequence[Sequence[Thing]],
        predicted: Sequence[Sequence[Thing]],
        labels: Sequence[str],
    ):
        # What is counted here is Python: threads would wait for one another.
        super().__init__(there, found, iouType="segm", rle_iou_max_workers=1)
        self._truths, self._predicted, self._labels = truths, predicted, labels

    def computeIoU(self, imgId: int, catId: int) -> Any:  # noqa: N802, N803 (the library's names)
        """Return (predicted, truths) of one image and label, the surest prediction first."""
        whole = super().computeIoU(imgId, catId)
        if not len(whole):
            return whole
        label = self._labels[catId - 1]
        there = [each for each in self._truths[imgId - 1] if each.label == label]
        found = [each for each in self._predicted[imgId - 1] if each.label == label]
        found.sort(key=lambda each: -each.score)
        overlaps = np.zeros_like(whole)
        # Where wholes overlap less than COCO asks for, so do parts.
        for at, of in zip(*np.nonzero(np.asarray(whole) >= _LEAST), strict=True):
            one, other = found[at].mask, there[of].mask
            if one is not None and other is not None:
                overlaps[at, of] = least_overlap(other, one)
        return overlaps
