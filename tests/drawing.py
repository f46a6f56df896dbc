"""Videos with known pictures at known times, encoded by PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np

WIDTH, HEIGHT, FPS = 320, 240, 10


def scene(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width, 3) uint8 RGB: coarse coloured blocks, unlike those of any other number."""
    blocks = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)


def write_video(
    path: Path,
    scenes: Sequence[int],
    *,
    seconds_each: float = 1.0,
    fps: int = FPS,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Path:
    """Show each scene for so long. The same arguments give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_video(path.suffix, tuple(scenes), round(seconds_each * fps), fps, size))
    return path


@lru_cache(500)
def _video(
    suffix: str, scenes: tuple[int, ...], each: int, fps: int, size: tuple[int, int]
) -> bytes:
    """Encode it once for all the tests of a process that want the same."""
    pictures = (scene(number, *size) for number in scenes for _ in range(each))
    with TemporaryDirectory() as folder:
        return encode(Path(folder, f"video{suffix}"), pictures, fps=fps).read_bytes()


def encode(path: Path, pictures, *, fps: int = FPS, crf: int = 16) -> Path:
    """Encode RGB pictures as H.264 with B-frames, one a 1 / fps second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"preset": "veryfast", "crf": str(crf), "threads": "1"}
    with av.open(str(path), "w") as container:
        stream = None
        for index, picture in enumerate(pictures):
            if stream is None:
                stream = container.add_stream("libx264", rate=fps, options=options)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt, stream.gop_size = "yuv420p", 2 * fps
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        assert stream is not None
        container.mux(stream.encode())
    return path
