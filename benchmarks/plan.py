"""`vidset plan` on a ledger of a million samples, and what the ledger's masks cost the ingest."""

import json
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.ingest import cpu_seconds, ours
from vidset.elements import ledger_key
from vidset.filtering.thresholds import COLUMNS, GRID, ThresholdGrid
from vidset.ledger.ledger import FRAMES, VIDEOS

# Videos, and samples of each: hours, and clips of a minute.
_LEDGERS = ((278, 3600), (2000, 60))
_REPEATS = 7
_PROGRAM = """
import json, sys, time
from vidset.plan.counts import count
before = time.process_time()
counts = count(sys.argv[1])
seconds = time.process_time() - before
peak = next(line for line in open("/proc/self/status") if line[:5] == "VmHWM")
print(json.dumps([counts.samples, seconds, int(peak.split()[1]) / 1024]))
"""


def run(videos: list[Path]) -> None:
    print("\n| videos | samples | `vidset plan` reads it in, CPU s | peak memory, MB |")
    print("|---|---|---|---|")
    for number, samples in _LEDGERS:
        with tempfile.TemporaryDirectory() as folder:
            write_ledger(Path(folder), number, samples)
            found, seconds, megabytes = min(
                (_plan(folder) for _ in range(3)), key=lambda run: run[1]
            )
        print(f"| {number} | {found:,} | {seconds:.2f} | {megabytes:.0f} |", flush=True)
    cv2.setNumThreads(1)
    print("\n| video | ingest without masks, CPU s | with | added |\n|---|---|---|---|")
    for video in videos:
        without, with_masks = _beside(video)
        added = with_masks / without - 1
        print(f"| {video.name} | {without:.3f} | {with_masks:.3f} | {added:+.1%} |", flush=True)


def _plan(folder: str) -> tuple[int, float, float]:
    command = [sys.executable, "-c", _PROGRAM, folder]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    samples, seconds, megabytes = json.loads(ended.stdout)
    return samples, seconds, megabytes


def _beside(video: Path) -> tuple[float, float]:
    """CPU seconds of the ingest without and with the masks, in turns: machines change speed."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(2 if video.name.startswith("av1") else _REPEATS):
        with _no_masks():
            times[0].append(cpu_seconds(ours(video), 1))
        times[1].append(cpu_seconds(ours(video), 1))
    return min(times[0]), min(times[1])


def _no_masks() -> AbstractContextManager[object]:
    nothing = dict.fromkeys(COLUMNS.values())
    return patch.object(ThresholdGrid, "masks", lambda *_, **__: nothing)


def write_ledger(
    folder: Path, videos: int, samples: int, images: str = "gs://images", side: int = 1920
) -> None:
    """Writes a ledger as extraction does: each sample is kept from another threshold on.

    Args:
        images: what the uris of the images begin with.
        side: the images' width.
    """
    random = np.random.default_rng(0)
    for table in "frames", "videos":
        (folder / table).mkdir()
    every = (1 << len(GRID)) - 1
    for number in range(videos):
        uri = f"gs://uploads/{number:06d}.mp4"
        masks = every & ~((1 << random.integers(0, len(GRID) + 1, samples)) - 1)
        masks[0] = every
        kept = (masks >> GRID.index(0.9) & 1).astype(bool)
        values = {
            "video_uri": [uri] * samples,
            "generation": ["1"] * samples,
            "collector_id": [None] * samples,
            "pts_seconds": np.arange(samples, dtype=float),
            "kept": kept,
            "reason": np.where(kept, "kept", "near_duplicate"),
            **{name: random.random(samples) for name in ("ssim", "local_change")},
            **{name: random.random(samples) for name in ("sharpness", "brightness")},
            "phash": [f"{bits:016x}" for bits in random.integers(0, 1 << 62, samples)],
            "width": np.full(samples, side),
            "height": np.full(samples, side * 9 // 16),
            "image_id": [f"{bits:032x}" for bits in random.integers(0, 1 << 62, samples)],
            "image_uri": [f"{images}/{number:06d}/1/{k:07d}000.jpg" for k in range(samples)],
            "image_sha256": [f"{bits:064x}" for bits in random.integers(0, 1 << 62, samples)],
            "settings_id": ["0123456789abcdef"] * samples,
            "period_seconds": np.ones(samples),
            "similarity_threshold": np.full(samples, 0.9),
            **{
                name: np.where(np.arange(samples) % stride == 0, masks, 0)
                for stride, name in COLUMNS.items()
            },
        }
        frames = pa.table(
            {name: pa.array(values[name], FRAMES.field(name).type) for name in values}
        )
        row = {"video_uri": uri, "generation": "1", "samples": samples, "kept": int(kept.sum())}
        row |= {"status": "done", "settings_id": "0123456789abcdef"}
        name = f"{ledger_key(uri, '1')}.parquet"
        pq.write_table(frames, folder / "frames" / name, compression="zstd")
        pq.write_table(pa.Table.from_pylist([row], VIDEOS), folder / "videos" / name)
