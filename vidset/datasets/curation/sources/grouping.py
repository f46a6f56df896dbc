"""Groups images of a source that must stay on one side of the split."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from vidset.datasets.curation.sources.source import Fault, Found, Source
from vidset.datasets.errors import DatasetError

VIDEO = "video"
HELP = "video, folder, image, collector, a stretch such as 10s, or a regular expression"
_STRETCH = re.compile(r"(\d+(?:\.\d+)?)s")
# <video name>/<generation>/<milliseconds, 10 digits>.jpg: how vidset names images (see DESIGN).
_OURS = re.compile(r"(.+)/([0-9a-f]{16}|\d+)/(\d{10})\.jpg")

GroupOf = Callable[[Found], str | None]


@dataclass(frozen=True, slots=True)
class Grouped:
    """A source whose images have the groups that somebody asked for.

    Where the way of grouping says nothing of an image, its own group stays.

    Attributes:
        how: as it was typed, see `HELP`.
    """

    source: Source
    how: str = VIDEO

    def __post_init__(self) -> None:
        _group_of(self.how)

    def __iter__(self) -> Iterator[Found | Fault]:
        group_of, images, grouped = _group_of(self.how), 0, 0
        for each in self.source:
            if isinstance(each, Fault):
                yield each
                continue
            found = _placed_in_time(each)
            group = group_of(found)
            images, grouped = images + 1, grouped + (group is not None)
            yield found if group is None else replace(found, group=group)
        if images and not grouped and self.how != VIDEO:
            raise DatasetError(
                f"group by {self.how}: wanted it in the images' names or times, found it for none "
                f"of {images} images"
            )


def _group_of(how: str) -> GroupOf:
    """Returns the function that tells the group of an image.

    Raises:
        DatasetError: it is neither a known word, nor a stretch, nor a regular expression.
    """
    match how:
        case "video":
            return lambda found: found.group or _video_of(found)
        case "folder":
            return lambda found: str(PurePosixPath(found.image_uri).parent)
        case "image":
            return lambda found: found.image_uri
        case "collector":
            return lambda found: found.collector_id
    if match := _STRETCH.fullmatch(how):
        seconds = float(match[1])
        if seconds <= 0:
            raise DatasetError(f"group by {how}: wanted a stretch longer than 0 seconds")
        return lambda found: _stretch(found, seconds)
    try:
        pattern = re.compile(how)
    except re.error as error:
        raise DatasetError(f"group by {how}: wanted {HELP}: {error}") from None
    return lambda found: _named(found, pattern)


def _placed_in_time(found: Found) -> Found:
    """The image with its time in the video, which the name of an image of ours tells."""
    match = _OURS.fullmatch(found.image_uri)
    if match is None or found.pts_seconds is not None:
        return found
    return replace(found, pts_seconds=int(match[3]) / 1000)


def _video_of(found: Found) -> str | None:
    if found.video_uri is not None:
        return found.video_uri
    match = _OURS.fullmatch(found.image_uri)
    return match and match[1]


def _stretch(found: Found, seconds: float) -> str | None:
    video = _video_of(found) or found.group
    if video is None or found.pts_seconds is None:
        return None
    return f"{video}@{found.pts_seconds // seconds * seconds:g}s"


def _named(found: Found, pattern: re.Pattern[str]) -> str | None:
    match = pattern.search(found.image_uri)
    if match is None:
        return None
    return match[1] if pattern.groups else match[0]
