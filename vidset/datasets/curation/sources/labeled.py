"""Makes an image of a source from what label files say of it."""

from collections.abc import Callable, Iterable

from vidset.datasets.curation.sources.image_class import class_and_objects
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError
from vidset.formats.format import ImageLabels
from vidset.formats.reading import MOST_OBJECTS


def found_of(
    labels: ImageLabels,
    name: str,
    read: Callable[[], bytes],
    *,
    source: str,
    files: str,
    split: str | None,
    path: str | None = None,
    image_uri: str | None = None,
) -> Found | Fault:
    """Return the image with what is said of it, or why it cannot be taken.

    Args:
        name: of the image, in faults, and its uri if `image_uri` is not given.
        read, path: see `Found`.
        source: the name of the format.
        files: the path of the label files, for messages.
        split: of all images of the source; None: as the files say.

    Raises:
        DatasetError: both the source and the files name a split, and not the same one.
    """
    if labels.state != "labeled":
        return Fault(Kind.NOT_LABELED, name, labels.state)
    if len(labels.objects) > MOST_OBJECTS:
        told = f"wanted at most {MOST_OBJECTS:,} objects, got {len(labels.objects):,}"
        return Fault(Kind.MISFIT, name, told)
    try:
        label, objects = class_and_objects([item.to_older_document() for item in labels.objects])
    except DatasetError as error:
        return Fault(Kind.MISFIT, name, str(error))
    size = (labels.width, labels.height)
    if split and labels.splits and labels.splits != (split,):
        raise DatasetError(splits_again(files, split, labels.splits))
    if len(labels.splits) > 1:
        return Fault(Kind.SEVERAL_SPLITS, name, ", ".join(labels.splits))
    return Found(
        image_uri=name if image_uri is None else image_uri,
        read=read,
        path=path,
        source=source,
        label=label,
        objects=objects,
        size=size if None not in size else None,  # pyright: ignore[reportArgumentType]
        group=labels.video_uri,
        split=split or next(iter(labels.splits), None),
        collector_id=labels.collector_id,
        video_uri=labels.video_uri,
        pts_seconds=labels.pts_seconds,
        rights=labels.rights,
    )


def splits_again(path: str, split: str | None, told: Iterable[str]) -> str:
    """The message where all images of a source are to be one split, and it has its own."""
    return f"{path}: wanted no splits, as all are to be {split}, got images of {', '.join(told)}"
