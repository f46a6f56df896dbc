"""Labels as files of other tools: what every format takes and gives.

A format is a module with `read`, `write` or both, and an entry in `vidset.formats.registry`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from vidset.formats.reading import Reading
from vidset.labeling.annotation import AnnotationState, LabeledObject
from vidset.rights import NONE, Rights


@dataclass(frozen=True, slots=True)
class ImageLabels:
    """The labels that a file has of one image.

    Attributes:
        image_name: relative, with `/` between its segments; where the format allows, a uri.
        state: `unlabeled` when the file names the image and nobody has annotated it.
        annotator, updated_at: as far as the format tells them.
        image_id: ours, in files that vidset has written.
        revision: the annotation's when vidset wrote the file; None in files of others.
        empty_is_told: whether an image without objects is known to have none. False where it may
            as well be one that nobody has annotated, as in COCO.
        is_elsewhere: whether the name is what is left of a path of another machine, so that its
            folders say little: see `vidset.formats.reading.leads_elsewhere`.
        splits: the parts of its dataset that the image is in: train, validation, test. Empty
            where the files do not split it.
        video_uri, pts_seconds, collector_id: where the image comes from, as far as it is known.
        rights: what is stated of it.
    """

    image_name: str
    width: int | None
    height: int | None
    objects: tuple[LabeledObject, ...]
    state: AnnotationState | Literal["unlabeled"] = "labeled"
    annotator: str | None = None
    updated_at: datetime | None = None
    image_id: str | None = None
    revision: int | None = None
    empty_is_told: bool = True
    is_elsewhere: bool = False
    splits: tuple[str, ...] = ()
    video_uri: str | None = None
    pts_seconds: float | None = None
    collector_id: str | None = None
    rights: Rights = NONE


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of `write`; `dropped` counts what the format cannot say, by kind."""

    images: int
    objects: int
    dropped: Mapping[str, int] = field(default_factory=dict)


# What is lost, in the plural for the counts; and where.
Loss = tuple[str, str]


class Reader(Protocol):
    """A module that reads a format."""

    def read(self, path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
        """Yield what the files at `path` say, in a fixed order.

        Args:
            reading: how to read, and where what is left out is counted; by default the first
                fault is raised and nothing may be left out.

        Raises:
            ValueError: something is wrong, with the file and the place in it.
        """
        ...


class OverSplits(Protocol):
    """A module that writes a file over the folders of splits, which other tools look for."""

    def write_over(self, folder: Path, splits: Sequence[str]) -> None:
        """Write it into the folder in which each split has a folder that `write` has written.

        Raises:
            ValueError: the splits do not go together.
        """
        ...


class Writer(Protocol):
    """A module that writes label files."""

    def write(
        self,
        labels: Iterable[ImageLabels],
        path: str | Path,
        labels_order: Sequence[str] | None = None,
        *,
        lossy: bool = False,
    ) -> Written:
        """Write all labels, or nothing if one of them cannot be. Memory grows by names alone.

        Annotators, times and object ids are written where the format has a place for them.

        Args:
            labels_order: fixes the numbers of the labels; None takes those in use, sorted.
            lossy: leave out what the format cannot say, and count it.

        Raises:
            ValueError: the format cannot say something, with the first object and what to do.
        """
        ...
