"""`time`: spread evenly over collectors, hours and videos, and over the time in each video."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from vidset.place_images import KeptImage
from vidset.selection.pool import Pick, Pool

_Path = tuple[str, str, str]


@dataclass(slots=True)
class _Video:
    """A video's candidates, and the seconds of its images that are chosen or labeled, in order."""

    left: list[int] = field(default_factory=list)
    known: list[float] = field(default_factory=list)


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield of the collector with the fewest images so far the hour with the fewest, of that the
    video with the fewest, and of that the image that is farthest in time from all of these.

    Labeled images and those of earlier selections count. Hours are those of the upload, in UTC. Of
    equals the order of names decides, and for images the earlier one.
    """
    counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
    videos: defaultdict[_Path, _Video] = defaultdict(_Video)
    below: defaultdict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)

    def count(image: KeptImage) -> None:
        path = _path(image)
        for depth in range(1, 4):
            counts[path[:depth]] += 1
        insort(videos[path].known, image.pts_seconds)

    for image in pool.taken:
        count(image)
    for place, image in enumerate(pool.images):
        path = _path(image)
        videos[path].left.append(place)
        for depth in range(3):
            below[path[:depth]].add(path[: depth + 1])
    done = 0
    while True:
        for place in pool.chosen[done:]:
            count(pool.images[place])
        done = len(pool.chosen)
        path = _fewest(pool, counts, videos, below)
        if path is None:
            return
        place, seconds = _farthest(pool, videos[path])
        where = f"{path[0] or 'no collector'}, {path[1] or 'no hour'}"
        far = "the first of its video" if seconds is None else f"{seconds:.1f} s from the nearest"
        yield Pick(place, seconds or 0.0, f"{far}; {where} has {counts[path[:2]]} so far")


def _path(image: KeptImage) -> _Path:
    hour = image.uploaded_at.strftime("%Y-%m-%d %H:00") if image.uploaded_at else ""
    return image.collector_id or "", hour, image.video_uri


def _fewest(
    pool: Pool,
    counts: dict[tuple[str, ...], int],
    videos: dict[_Path, _Video],
    below: dict[tuple[str, ...], set[tuple[str, ...]]],
) -> _Path | None:
    """Return the video to take from; what has no candidate any more is forgotten."""
    path: tuple[str, ...] = ()
    while len(path) < 3:
        if not below[path]:
            if not path:
                return None
            below[path[:-1]].discard(path)  # Nothing is left below it: begin again.
            path = ()
            continue
        path = min(below[path], key=lambda each: (counts[each], each))
        if len(path) == 3:
            video = videos[path]
            video.left = [place for place in video.left if not pool.is_gone[place]]
            if not video.left:
                below[path[:-1]].discard(path)
                path = ()
    return path  # type: ignore[return-value]


def _farthest(pool: Pool, video: _Video) -> tuple[int, float | None]:
    """Return the candidate that is farthest from the known ones, and by how many seconds.

    Where none is known, the one in the middle.
    """
    if not video.known:
        return video.left[len(video.left) // 2], None
    found = [
        (_distance(video.known, pool.images[place].pts_seconds), -place) for place in video.left
    ]
    seconds, place = max(found)
    return -place, seconds


def _distance(known: list[float], seconds: float) -> float:
    at = bisect_left(known, seconds)
    return min(abs(each - seconds) for each in known[max(at - 1, 0) : at + 1])
