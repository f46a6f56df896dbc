"""Our SSIM beside the reference's: how often they decide alike, in noise, and what ours costs.

The reference is full-size SSIM in colour, `--metric ssim-full`. Its scores, and those of the other
measures, are held beside image-similarity-measures itself, in an environment of its own.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path

import cv2
import numpy as np

from tests.drawing import encode as encode_pictures
from tests.emulators.servers import ToolMissingError
from tests.filtering.oracle.environment import reference_scores
from vidset.demo.drive import DRIVE
from vidset.demo.rendering import Renderer
from vidset.elements import Upload
from vidset.filtering.judge import Judge
from vidset.filtering.similarity import compare, picture
from vidset.metrics import METRICS, Compare
from vidset.settings import ExtractionSettings
from vidset.video.decoding import Video
from vidset.video.sampling import Sampling

_EVERY_SECOND = Sampling(Fraction(1))
_THRESHOLDS = (0.8, 0.9, 0.95)
_LUMA_WIDTH = 480
_PAIRS_SCORED = 12
_UPLOAD = Upload("x", "x", "0")


def run(videos: list[Path]) -> None:
    cv2.setNumThreads(1)
    _scores(videos)
    _agreement(videos)
    _noise(videos)
    _cost()


def _scores(videos: list[Path]) -> None:
    """Our computation of each measure beside the package's, on pairs of small pictures."""
    pairs = list(islice(chain.from_iterable(map(_small_pairs, videos)), _PAIRS_SCORED))
    try:
        wanted = reference_scores(pairs)
    except ToolMissingError as missing:
        print(f"\nimage-similarity-measures cannot be asked for its scores: {missing}")
        return
    print(f"\nThe measures of `--metric` beside image-similarity-measures, {len(pairs)} pairs:\n")
    print("| measure | scores | the largest difference |\n|---|---|---|")
    for name, metric in METRICS.items():
        if metric.function is None:
            continue
        theirs = np.array([scores[metric.function] for scores in wanted])
        ours = np.array([_measure(name)(*pair) for pair in pairs])
        spread = f"{theirs.min():.4g} to {theirs.max():.4g}"
        print(f"| {name} | {spread} | {np.abs(ours - theirs).max():.1e} |")


def _small_pairs(video: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of a video's samples, a second apart, at a size that the package is quick at."""
    last = None
    with Video(str(video), str(video)) as opened:
        for frame in islice(opened.sample(_EVERY_SECOND), 4):
            this = cv2.resize(frame.rgb(), (160, 90), interpolation=cv2.INTER_AREA)
            if last is not None and not np.array_equal(last, this):
                yield last, this
            last = this


def _agreement(videos: list[Path]) -> None:
    pairs = [pair for video in videos for pair in _pairs(video)]
    ours, reference = np.array(pairs).T
    print(f"\nDecisions on {len(pairs)} pairs of samples one second apart:\n")
    print("| threshold | agree | the reference drops | best possible agreement, at |")
    print("|---|---|---|---|")
    for threshold in _THRESHOLDS:
        drops = reference >= threshold
        agree = ((ours >= threshold) == drops).mean()
        places = np.unique(ours)
        best = max(places, key=lambda place: ((ours >= place) == drops).mean())
        most = ((ours >= best) == drops).mean()
        print(f"| {threshold} | {agree:.1%} | {drops.mean():.0%} | {most:.1%}, {best:.3f} |")


def _pairs(video: Path) -> Iterator[tuple[float, float]]:
    reference = _measure("ssim-full")
    last = None
    with Video(str(video), str(video)) as opened:
        for frame in opened.sample(_EVERY_SECOND):
            this = (
                picture(frame.luma(_LUMA_WIDTH), frame.chroma(_LUMA_WIDTH // 2)),
                np.ascontiguousarray(frame.rgb()),
            )
            # A black film says nothing of either.
            if last is not None and this[1].max() > 16 and this[1].shape == last[1].shape:
                yield compare(last[0], this[0]).ssim, reference(last[1], this[1])
            last = this


def _measure(name: str) -> Compare:
    loaded = METRICS[name].load()
    assert loaded is not None
    return loaded


class _Picture:
    """A picture in memory where a decoded frame is expected."""

    def __init__(self, rgb: np.ndarray, pts_seconds: float):
        self._rgb, self.pts_seconds = rgb, pts_seconds
        self.height, self.width = rgb.shape[:2]

    def luma(self, max_width: int) -> np.ndarray:
        return self._channels(max_width)[..., 0]

    def chroma(self, max_width: int) -> np.ndarray:
        return self._channels(max_width)[..., 1:]

    def _channels(self, max_width: int) -> np.ndarray:
        channels = cv2.cvtColor(self._rgb, cv2.COLOR_RGB2YUV)
        while channels.shape[1] > max_width:
            half = channels.shape[1] // 2, channels.shape[0] // 2
            channels = cv2.resize(channels, half, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(channels)

    def rgb(self) -> np.ndarray:
        return self._rgb

    def same_pixels(self, other: "_Picture") -> bool:
        return np.array_equal(self._rgb, other._rgb)


def _noise(videos: list[Path]) -> None:
    """A parked camera for 30 samples, without and with an object that moves at every third."""
    print("\nA parked camera, sensor noise of +-8 levels, 30 samples at the defaults:\n")
    print("| scene | width | kept | reference keeps | kept with an object of 1 %, moved 9 times |")
    print("|---|---|---|---|---|")
    for name, still in _stills(videos):
        for width in (1280, 640, 320):
            scene = cv2.resize(still, (width, width * 9 // 16), interpolation=cv2.INTER_AREA)
            parked = list(_parked(scene, moves=False))
            kept, moved = _kept(parked), _kept(_parked(scene, moves=True))
            reference = _kept(parked, metric="ssim-full", local_change=None)
            seen = sum(number in moved for number in range(3, 30, 3))
            print(
                f"| {name} | {width} | {len(kept) / 30:.0%} | {len(reference) / 30:.0%} "
                f"| {seen} of 9, and {len(moved) - 1 - seen} others |",
                flush=True,
            )


def _stills(videos: list[Path]) -> Iterator[tuple[str, np.ndarray]]:
    yield "rendered", Renderer(DRIVE).frame(2 * DRIVE.fps)
    for video in videos:
        if video.name.startswith("static"):
            with Video(str(video), str(video)) as opened:
                yield video.name, np.array(next(opened.sample(_EVERY_SECOND)).rgb())


def _parked(scene: np.ndarray, *, moves: bool) -> Iterator[np.ndarray]:
    noise = np.random.default_rng(0)
    height, width = scene.shape[:2]
    tall, wide = height // 7, width * 7 // 100  # 1 % of the area, upright as a person is.
    for number in range(30):
        shown = scene.astype(np.int16)
        if moves:
            left, top = width // 12 * (number // 3 + 1), height // 2
            shown[top : top + tall, left : left + wide] = (190, 60, 40)
        shown += noise.integers(-8, 9, shown.shape, dtype=np.int16)
        yield np.clip(shown, 0, 255).astype(np.uint8)


def _kept(pictures: Iterable[np.ndarray], **settings) -> set[int]:
    """Returns the pictures that are kept, taken for samples one second apart."""
    judge = Judge(ExtractionSettings(**settings))
    rows = [
        judge.row(_UPLOAD, _Picture(rgb, float(number)))  # pyright: ignore
        for number, rgb in enumerate(pictures)
    ]
    return {number for number, row in enumerate(rows) if row.kept}


def _cost() -> None:
    """The whole decision on a decoded sample: luma, both measures, sharpness, brightness, hash."""
    print("\nThe decision on a sample, all in (CPU ms):\n\n| picture | ms |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for width, height in ((1280, 720), (1920, 1080)):
            path = Path(folder, f"{height}.mp4")
            scene = cv2.resize(Renderer(DRIVE).frame(0), (width, height))
            encode_pictures(path, (np.roll(scene, 8 * number, 1) for number in range(30)))
            with Video(str(path), str(path)) as opened:
                frames = list(opened.sample(Sampling(Fraction(1, 100))))
                judge = Judge(ExtractionSettings())
                began = time.process_time()
                for frame in frames:
                    judge.row(_UPLOAD, frame)
                spent = (time.process_time() - began) / len(frames) * 1e3
            print(f"| {width}x{height} | {spent:.2f} |")
