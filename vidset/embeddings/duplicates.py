"""Images that show the same in several videos: uploaded again, encoded anew, scaled or cropped.

An image is linked with the nearest image of each other video, if that one is near at all and has
none nearer in the first video: of a street that twenty cars filmed, each passage is linked with the
same metre of the others, and not with the metres before and behind it. Extraction kept the images
of one video because they differ, so that an image of another video repeats one of them at most.
Linked images make a cluster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.embeddings.near_pairs import NearPairs
from vidset.joined import Joined
from vidset.ledger.rows import LedgerRows

COPY, MIRRORED = "copy", "mirrored"
_COLUMNS = (
    "image_id",
    "image_uri",
    "image_sha256",
    "video_uri",
    "collector_id",
    "pts_seconds",
    "uploaded_at",
    "kept",
)


@dataclass(frozen=True, slots=True)
class Member:
    """An image of a cluster. `day` is that of the upload, as YYYY-MM-DD; null if nobody knows."""

    image_id: str
    image_uri: str
    image_sha256: str
    video_uri: str
    collector_id: str | None
    pts_seconds: float
    day: str | None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Images that show the same in several videos.

    Attributes:
        kind: "copy", or "mirrored" if some are near only when they are turned left to right.
        videos, collectors, days: how many different ones.
        members: the first one is the earliest upload's.
    """

    kind: str
    videos: int
    collectors: int
    days: int
    members: list[Member]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A video that repeats another: `images` of its `of_images` have a near duplicate there."""

    video_uri: str
    repeats_uri: str
    kind: str
    images: int
    of_images: int


class Duplicates:
    """The duplicates across the videos of a place.

    Attributes:
        images: kept images of the place.
        not_embedded: of them, those without a vector, which were not compared.
    """

    def __init__(self, place: str, pairs: NearPairs):
        table = _kept(place)
        self.images = len(table)
        numbers = pc.call_function(
            "index_in",
            [table["image_sha256"]],
            pc.SetLookupOptions(pa.array(pairs.hashes, pa.string())),
        )
        self.not_embedded = numbers.null_count
        self._table = table.filter(pc.call_function("is_valid", [numbers]))
        numbers = numbers.drop_null().to_numpy()
        encoded = self._table["video_uri"].combine_chunks().dictionary_encode()
        self._uris: list[str] = encoded.dictionary.to_pylist()
        self._videos = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self._links = {
            COPY: [*_same_files(numbers), *self._near(pairs, numbers, COPY)],
            MIRRORED: self._near(pairs, numbers, MIRRORED),
        }

    def clusters(self, kind: str) -> Iterator[Cluster]:
        """Yield the clusters of a kind, the largest first."""
        rows = self._rows(kind)
        for group in sorted(rows, key=lambda each: (-len(each), each[0])):
            yield _cluster(kind, self._table.take(pa.array(group)).to_pylist())

    def count(self, kind: str) -> tuple[int, int]:
        """Return how many clusters of a kind there are, and how many images are in them."""
        rows = self._rows(kind)
        return len(rows), sum(map(len, rows))

    def links(self, kind: str) -> list[tuple[int, int]]:
        """Return the pairs of images that are linked, as rows of `linked_rows`."""
        return list(self._links[kind])

    def linked_rows(self) -> pa.Table:
        """Return the images that were compared, the earliest upload's first."""
        return self._table

    def repeats(self) -> list[Repeat]:
        """Return the videos that repeat others, those with the most images first.

        Of two that repeat each other, the one with fewer images repeats the other.
        """
        sizes = np.bincount(self._videos, minlength=len(self._uris))
        found = []
        for kind, links in self._links.items():
            images: dict[tuple[int, int], set[int]] = {}
            for one, other in links:
                a, b = int(self._videos[one]), int(self._videos[other])
                for row, pair in ((one, (a, b)), (other, (b, a))):
                    images.setdefault(pair, set()).add(row)
            for (video, other), rows in images.items():
                if (sizes[video], self._uris[other]) <= (sizes[other], self._uris[video]):
                    uris = self._uris[video], self._uris[other]
                    found.append(Repeat(*uris, kind, len(rows), int(sizes[video])))
        return sorted(found, key=lambda each: (-each.images, each.video_uri, each.repeats_uri))

    def _rows(self, kind: str) -> list[list[int]]:
        links = self._links[kind]
        places = sorted({row for link in links for row in link})
        number_of = {row: number for number, row in enumerate(places)}
        joined = Joined(len(places))
        for one, other in links:
            joined.join(number_of[one], number_of[other])
        groups: dict[int, list[int]] = {}
        for number, row in enumerate(places):
            groups.setdefault(joined.root(number), []).append(row)
        return list(groups.values())

    def _near(self, pairs: NearPairs, numbers: np.ndarray, kind: str) -> list[tuple[int, int]]:
        """Return the rows that near pairs link: images that are nearest to each other."""
        row_of = np.full(len(pairs.hashes), -1, np.int64)
        row_of[numbers[::-1]] = np.arange(len(numbers))[::-1]  # A file's first row stands for it.
        chosen = np.flatnonzero(pairs.mirrored == (kind == MIRRORED))
        ones, others = row_of[pairs.ones[chosen]], row_of[pairs.others[chosen]]
        there = (ones >= 0) & (others >= 0)
        there[there] = self._videos[ones[there]] != self._videos[others[there]]
        ones, others, cosines = ones[there], others[there], pairs.cosines[chosen][there]
        best = nearest_to_each_other(ones, others, cosines, self._videos)
        return list(zip(ones[best].tolist(), others[best].tolist(), strict=True))


def nearest_of_each_video(
    ones: np.ndarray, others: np.ndarray, cosines: np.ndarray, videos: np.ndarray
) -> np.ndarray:
    """Choose from near pairs, for each image and each other video, the nearest image there.

    Args:
        ones, others: (pairs,) rows of images of different videos.
        videos: (rows,) the number of each row's video.

    Returns:
        the places of the chosen pairs, in order.
    """
    return np.unique(_nearest(ones, others, cosines, videos))


def nearest_to_each_other(
    ones: np.ndarray, others: np.ndarray, cosines: np.ndarray, videos: np.ndarray
) -> np.ndarray:
    """Choose the pairs of which each image is the nearest of its video to the other.

    Arguments and result are those of `nearest_of_each_video`.
    """
    places, times = np.unique(_nearest(ones, others, cosines, videos), return_counts=True)
    return places[times == 2]


def _nearest(
    ones: np.ndarray, others: np.ndarray, cosines: np.ndarray, videos: np.ndarray
) -> np.ndarray:
    """Return the place of the nearest pair of each image and other video, in no order."""
    count = int(videos.max(initial=-1)) + 1
    keys = np.concatenate([ones * count + videos[others], others * count + videos[ones]])
    links = np.tile(np.arange(len(ones)), 2)
    order = np.lexsort((links, -np.tile(cosines, 2), keys))
    _, first = np.unique(keys[order], return_index=True)
    return links[order[first]]


def _kept(place: str) -> pa.Table:
    """Return the kept images of the committed videos, the earliest upload's first."""
    tables = [
        table.filter(table["kept"]).drop_columns(["kept"])
        for _, table in LedgerRows(place).frames_in_order(_COLUMNS)
    ]
    if not tables:
        schema = pa.schema([(name, pa.string()) for name in _COLUMNS if name != "kept"])
        return schema.empty_table()
    order = [("uploaded_at", "ascending"), ("video_uri", "ascending"), ("pts_seconds", "ascending")]
    return pa.concat_tables(tables).sort_by(order)


def _same_files(numbers: np.ndarray) -> list[tuple[int, int]]:
    """Return the rows that have the very same file, also those of one video that came twice."""
    order = np.argsort(numbers, kind="stable")
    places = np.flatnonzero(numbers[order[1:]] == numbers[order[:-1]])
    return list(zip(order[places].tolist(), order[places + 1].tolist(), strict=True))


def _cluster(kind: str, rows: Sequence[dict]) -> Cluster:
    members = [
        Member(
            row["image_id"],
            row["image_uri"],
            row["image_sha256"],
            row["video_uri"],
            row["collector_id"],
            row["pts_seconds"],
            _day(row["uploaded_at"]),
        )
        for row in rows
    ]
    return Cluster(
        kind,
        len({each.video_uri for each in members}),
        len({each.collector_id for each in members}),
        len({each.day for each in members}),
        members,
    )


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()
