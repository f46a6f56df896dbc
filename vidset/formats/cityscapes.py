"""Cityscapes' maps for semantic segmentation: gtFine/ beside leftImg8bit/, its label ids.

They are read as `vidset.formats.label_maps` reads them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from vidset.formats.format import ImageLabels, Written
from vidset.formats.label_maps import FIRST_LABEL_ID, LABEL_IDS, read
from vidset.formats.label_maps_writing import Layout, write_maps

__all__ = ["read", "write"]
_UNLABELED = 0
_IMAGE = "_leftImg8bit"


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Writer.write`. Labels have Cityscapes' own numbers.

    Pixels that no object covers, and those that are ignored, are 0: unlabeled.
    """
    numbers = {label: number for number, label in enumerate(LABEL_IDS, FIRST_LABEL_ID)}
    layout = Layout("Cityscapes", _map_of, numbers, nothing=_UNLABELED, ignored=_UNLABELED)
    return write_maps(labels, path, labels_order, layout, lossy=lossy)


def _map_of(image_name: str) -> str:
    path = PurePosixPath(image_name)
    stem = path.stem.removesuffix(_IMAGE)
    return str(PurePosixPath("gtFine", path.parent, f"{stem}_gtFine_labelIds.png"))
