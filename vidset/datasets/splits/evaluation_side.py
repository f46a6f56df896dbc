"""Tells which images belong to the evaluation side: they are to be kept away from the model.

A model that helps to label its own test set bends the truth towards itself, and one that chooses
the test set's images by its own errors makes the score say something else than before.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.images.hash_bands import bits_set
from vidset.datasets.images.near_duplicates import LEAST_LIKENESS, NEAR_DISTANCE
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.repository import Repository

# <video name>/<generation>/<pts in ms>.jpg: see docs/architecture.md, names and ids.
_EXTRACTED = re.compile(r"(.+)/[^/]+/(\d{10,})\.[a-z]+", re.DOTALL)
_COLUMNS = ["image_sha256", "image_uri", "split", "origin"]


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationSide:
    """The images that validation, test or another evaluation split of any version holds.

    Attributes:
        hashes: the SHA-256 of these images, and of those that they were made from.
        videos: by a video's name the milliseconds of its images that versions hold, in order, and
            whether each is on the evaluation side.
        phashes: (n,) uint64, of the evaluation images that are not blank.
        thumbnails: (n, pixels) float32, of the same: each less its mean, and of length 1.
    """

    hashes: frozenset[str]
    videos: Mapping[str, Sequence[tuple[int, bool]]]
    phashes: np.ndarray
    thumbnails: np.ndarray

    def holds(self, name: str, image_sha256: str | None) -> bool:
        """Tell whether an extracted image stays on the evaluation side, once it is labeled.

        It does if it stands there, or if its video does. Where a video was cut into stretches, the
        image of a version that is nearest in time decides; of two equally near, the one on the
        evaluation side.

        Args:
            name: below the images, or the whole uri in a bucket, as versions have it.
        """
        if image_sha256 in self.hashes:
            return True
        found = _EXTRACTED.fullmatch(name)
        known = self.videos.get(found[1]) if found else None
        if not found or not known:
            return False
        moment = int(found[2])
        place = bisect_left(known, (moment, False))
        around = known[max(place - 1, 0) : place + 2]
        least = min(abs(ms - moment) for ms, _ in around)
        return any(is_there for ms, is_there in around if abs(ms - moment) == least)

    def may_show(self, phash: int) -> bool:
        """Tell whether an image with this perceptual hash may show what an evaluation image does.

        The hash alone also finds other pictures: see `shows`.
        """
        return bool(self._near(phash).any())

    def shows(self, phash: int, thumbnail: bytes) -> bool:
        """Tell whether a picture nearly repeats one on the evaluation side.

        Args:
            phash, thumbnail: as vidset.datasets.images.measures has them.
        """
        near = self._near(phash)
        if not near.any():
            return False
        return bool((self.thumbnails[near] @ _unit(thumbnail) >= LEAST_LIKENESS).any())

    def _near(self, phash: int) -> np.ndarray:
        return bits_set(self.phashes ^ np.uint64(phash)) <= NEAR_DISTANCE


# Where there are no versions, nothing is kept from a model.
NOBODYS_SIDE = EvaluationSide(frozenset(), {}, np.zeros(0, np.uint64), np.zeros((0, 1), np.float32))


def find_evaluation_side(repository: Repository) -> EvaluationSide:
    """Read what the versions of a repository hold; a place without versions has nothing there.

    Raises:
        DatasetError: a version is damaged.
    """
    hashes: set[str] = set()
    videos: defaultdict[str, dict[int, bool]] = defaultdict(dict)
    measured: dict[str, tuple[int, bytes]] = {}
    for version in repository.versions():
        table = repository.columns(version, _COLUMNS)
        evaluated = table.filter(pc.field("split") != TRAIN)
        new = set(evaluated["image_sha256"].to_pylist()) - measured.keys()
        hashes.update(new, evaluated["origin"].to_pylist())
        for uri, split in zip(
            table["image_uri"].to_pylist(), table["split"].to_pylist(), strict=True
        ):
            if found := _EXTRACTED.fullmatch(uri):
                of_video, moment = videos[found[1]], int(found[2])
                of_video[moment] = of_video.get(moment, False) or split != TRAIN
        if new:
            measured |= dict(_measured(repository.measures(version), new))
    shown = list(measured.values())
    return EvaluationSide(
        frozenset(hashes),
        {name: sorted(moments.items()) for name, moments in videos.items()},
        np.array([phash for phash, _ in shown], np.uint64),
        np.stack([_unit(thumbnail) for _, thumbnail in shown])
        if shown
        else np.zeros((0, 1), np.float32),
    )


def _measured(measures: pa.Table, wanted: Iterable[str]) -> Iterator[tuple[str, tuple[int, bytes]]]:
    columns = ["image_sha256", "phash", "thumbnail", "contrast"]
    of_wanted = measures.select(columns).filter(
        pc.field("image_sha256").isin(list(wanted)) & (pc.field("contrast") > 0)
    )
    for row in of_wanted.to_pylist():
        yield row["image_sha256"], (row["phash"], row["thumbnail"])


def _unit(thumbnail: bytes) -> np.ndarray:
    levels = np.frombuffer(thumbnail, np.uint8).astype(np.float32)
    levels -= levels.mean()
    return levels / max(float(np.linalg.norm(levels)), 1e-6)
