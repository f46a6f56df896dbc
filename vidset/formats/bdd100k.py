"""BDD100K's maps for semantic segmentation: labels/sem_seg/masks/, its 19 numbers, 255 for others.

They are read as `vidset.formats.label_maps` reads them.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from vidset.formats.format import ImageLabels, Written
from vidset.formats.label_maps import IGNORED_NUMBER, TRAIN_IDS, read
from vidset.formats.label_maps_writing import Layout, write_maps

__all__ = ["read", "write"]


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Writer.write`. Labels have BDD100K's numbers, whatever the order.

    Pixels that no object covers are 255, since there is no number for a background.
    """
    numbers = {label: number for number, label in enumerate(TRAIN_IDS)}
    layout = Layout("BDD100K", _map_of, numbers, nothing=IGNORED_NUMBER, ignored=IGNORED_NUMBER)
    return write_maps(labels, path, labels_order, layout, lossy=lossy)


def _map_of(image_name: str) -> str:
    return str(PurePosixPath("labels/sem_seg/masks", PurePosixPath(image_name).with_suffix(".png")))
