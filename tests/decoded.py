"""What our decoder makes of a video: its samples with their times, and what it tells."""

from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import numpy as np

from vidset.video.decoding import Video, VideoInfo
from vidset.video.sampling import Sampling


@dataclass(frozen=True, slots=True)
class Samples:
    """What our decoder makes of a video."""

    seconds: list[float]
    pictures: list[np.ndarray]
    info: VideoInfo
    damage: str | None

    @property
    def sizes(self) -> list[tuple[int, int]]:
        return [(picture.shape[1], picture.shape[0]) for picture in self.pictures]

    @property
    def hashes(self) -> dict[float, bytes]:
        """What tells two decodes apart: each picture's hash by its time."""
        return dict(zip(self.seconds, map(picture_hash, self.pictures), strict=True))


def samples(path: Path, every: float = 1, *, decoding_all: bool = False) -> Samples:
    """Decode a video as an upload's is, or every frame of it instead of what the plan says."""
    sampling = Sampling(Fraction(str(every)))  # 0.1 s, not what the float 0.1 stands for.
    with Video(str(path), path.name) as opened:
        if decoding_all:
            opened._frames = opened._decode_all
        shown = [(f.pts_seconds, f.rgb()) for f in opened.sample(sampling)]
        seconds, pictures = [list(part) for part in zip(*shown, strict=True)]
        return Samples(seconds, pictures, opened.info, opened.damage)


def picture_hash(picture: np.ndarray) -> bytes:
    """Of BGR, as it lies in memory: to turn it round would take longer than to hash it."""
    return sha256(np.ascontiguousarray(picture[..., ::-1])).digest()
