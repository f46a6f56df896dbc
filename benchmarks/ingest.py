"""CPU seconds of extraction beside ffmpeg and the naive loop, on the same file, one thread each.

What is measured is the function: SHA-256 of the file, decoding, SSIM, JPEG, images and ledgers
written to a folder. Interpreters' start-up is left out; ffmpeg is counted as a process.
"""

import math
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2

from vidset.elements import Upload
from vidset.extraction import extract
from vidset.ledger.open import open_ledger
from vidset.settings import ExtractionSettings
from vidset.storage.open import open_store
from vidset.video.sampling import Sampling

REPEATS = 3


def cpu_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """The least of several runs, of this process and of its children."""
    times = []
    for _ in range(repeats):
        before = _used()
        work()
        times.append(_used() - before)
    return min(times)


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def ours(video: Path, settings: ExtractionSettings | None = None) -> Callable[[], None]:
    settings = settings or ExtractionSettings()

    def work() -> None:
        with tempfile.TemporaryDirectory() as out:
            store = open_store("/")
            upload = store.identify(Upload(str(video), video.name))
            with store.open(upload, 0) as (upload, source):
                extraction = extract(upload, source, settings, open_store(f"{out}/images"))
            open_ledger(out).commit([extraction])

    return work


def ffmpeg(video: Path) -> Callable[[], None]:
    def work() -> None:
        with tempfile.TemporaryDirectory() as out:
            command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_threads", "1"]
            command += ["-i", str(video), "-threads", "1", "-vf", "fps=1", "-q:v", "2"]
            subprocess.run([*command, f"{out}/%06d.jpg"], check=True)

    return work


def naive(video: Path) -> Callable[[], None]:
    """Read every frame, keep each `floor(fps)`-th unless its full-size SSIM is 0.9 or more."""
    from vidset.reference_measures import ssim

    def work() -> None:
        capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        every = max(1, math.floor(capture.get(cv2.CAP_PROP_FPS)))
        number, last = 0, None
        with tempfile.TemporaryDirectory() as out:
            while True:
                is_read, frame = capture.read()
                if not is_read:
                    break
                if number % every == 0 and (last is None or ssim(last, frame) < 0.9):
                    cv2.imwrite(f"{out}/{number}.jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 95])
                    last = frame
                number += 1

    return work


def run_tolerance(videos: list[Path]) -> None:
    """Measures what `--tolerance` saves: every 0.9 s, few samples are keyframes by themselves."""
    cv2.setNumThreads(1)
    print("\n| video, every 0.9 s | exact, CPU s | tolerance 0.4 s | ratio |\n|---|---|---|---|")
    for video in videos:
        exact, near = (
            cpu_seconds(ours(video, ExtractionSettings(Sampling(Fraction("0.9"), Fraction(each)))))
            for each in ("0", "0.4")
        )
        print(f"| {video.name} | {exact:.3f} | {near:.3f} | {near / exact:.2f} |", flush=True)


def run(videos: list[Path]) -> None:
    cv2.setNumThreads(1)
    print("| video | vidset, CPU s | ffmpeg | ratio | local change off | naive loop | ratio |")
    print("|---|---|---|---|---|---|---|")
    without = ExtractionSettings(local_change=None)
    for video in videos:
        mine, theirs = cpu_seconds(ours(video)), cpu_seconds(ffmpeg(video))
        alone = cpu_seconds(ours(video, without))
        loop = cpu_seconds(naive(video), 1) if not video.name.startswith("av1") else math.nan
        print(
            f"| {video.name} | {mine:.3f} | {theirs:.3f} | {mine / theirs:.2f} "
            f"| {alone / theirs:.2f} | {loop:.2f} | {mine / loop:.3f} |",
            flush=True,
        )
