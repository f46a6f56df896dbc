"""Embeddings: their cost, planted copies that `vidset duplicates` finds, and a day's update."""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.drawn_videos import draw_videos
from vidset.embeddings import near_index
from vidset.embeddings.computing import embed_place
from vidset.embeddings.duplicates import COPY, MIRRORED, Duplicates
from vidset.embeddings.embedder import unit
from vidset.embeddings.near_index import near_pairs
from vidset.embeddings.near_search import PAIRS
from vidset.embeddings.registry import open_embedder
from vidset.embeddings.store import Embeddings, EmbeddingStore
from vidset.intake.request import Request
from vidset.intake.run import extract

# Copies of each video, as ffmpeg's options.
COPIES = {
    "VP9, 800 kbit/s": ("webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 800k"),
    "half the size": ("mp4", "-vf scale=trunc(iw/4)*2:trunc(ih/4)*2 -preset veryfast -crf 26"),
    "3 % cropped": ("mp4", "-vf crop=trunc(iw*0.97/2)*2:trunc(ih*0.97/2)*2 -preset veryfast"),
    "H.264, crf 36": ("mp4", "-preset veryfast -crf 36"),
    "mirrored": ("mp4", "-vf hflip -preset veryfast -crf 26"),
    "begins later": ("mp4", "-ss 7 -preset veryfast -crf 26"),
}
_LATER_SECONDS = 7
_SECONDS = "60"
_MOST = int(os.environ.get("VIDSET_BENCH_VECTORS", "1000000"))
_DAY = 2000
_PART = 4096


def run(videos: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        print("\nVideos of fixed cameras, dashcams and phones:", flush=True)
        _planted(videos, Path(folder) / "filmed")
        print("\nDrawn videos:", flush=True)
        _planted(list(draw_videos(Path(folder) / "drawings")), Path(folder) / "drawn")
        _day(Path(folder) / "large")


def _planted(videos: list[Path], folder: Path) -> None:
    print("\nPlanted copies: recall and precision of linked pairs of images:\n")
    for video in videos:
        source = folder / "in" / "original" / f"{video.stem}.mp4"
        source.parent.mkdir(parents=True, exist_ok=True)
        _ffmpeg(f"-t {_SECONDS} -i {video} -an -c copy {source}")
        for name, (ending, options) in COPIES.items():
            path = folder / "in" / re.sub(r"[^\w]+", "-", name)
            path.mkdir(exist_ok=True)
            _ffmpeg(f"-i {source} -an {options} {path / f'{video.stem}.{ending}'}")
    place = str(folder / "place")
    done = extract(Request(inputs=(str(folder / "in"),), output=place))
    began = time.perf_counter()
    embedded = embed_place(place)
    seconds = time.perf_counter() - began
    minutes = 100_000 * seconds / max(1, embedded.new) / 60
    print(f"{done.kept:,} images of {done.videos} videos; embedded in {seconds:.1f} s,")
    print(f"which is {minutes:.1f} min for 100,000 of such images on {os.cpu_count()} cores\n")
    found = Duplicates(place, near_pairs(place, open_embedder()))
    _score(found)


def _score(found: Duplicates) -> None:
    """A pair is right if both images show the same second of the same video.

    Those of one video that are a second apart are wrong even where they look alike. Files that are
    equal byte for byte count as one image, since one of them is linked for all.
    """
    print("| kind | planted | found | recall | precision |\n|---|---|---|---|---|")
    rows = found.linked_rows()
    first_of: dict[str, int] = {}
    for number, row in enumerate(rows.to_pylist()):
        first_of.setdefault(row["image_sha256"], number)
    one_of = [first_of[each] for each in rows["image_sha256"].to_pylist()]
    for kind in COPY, MIRRORED:
        planted = set()
        by_moment: dict[tuple[str, int], list[tuple[int, bool]]] = {}
        for number, row in enumerate(rows.to_pylist()):
            later = _LATER_SECONDS if "/begins-later/" in row["video_uri"] else 0
            moment = Path(row["video_uri"]).stem, round(row["pts_seconds"] + later)
            is_mirrored = "/mirrored/" in row["video_uri"]
            by_moment.setdefault(moment, []).append((number, is_mirrored))
        for same in by_moment.values():
            for (one, a), (other, b) in combinations(same, 2):
                if (a != b) == (kind == MIRRORED):
                    planted.add((min(one, other), max(one, other)))
        linked = {(min(pair), max(pair)) for pair in found.links(kind)}
        planted, linked = (_of_files(pairs, one_of) for pairs in (planted, linked))
        right = len(linked & planted)
        print(
            f"| {kind} | {len(planted):,} | {len(linked):,} | {right / max(1, len(planted)):.3f} "
            f"| {right / max(1, len(linked)):.3f} |"
        )


def _of_files(pairs: set[tuple[int, int]], one_of: list[int]) -> set[tuple[int, int]]:
    """Return the pairs of the images that stand for these images' files, without equal ones."""
    found = {tuple(sorted((one_of[a], one_of[b]))) for a, b in pairs}
    return {(a, b) for a, b in found if a != b}


def _vectors(count: int, seed: int) -> Iterator[np.ndarray]:
    """Vectors like those of pictures: places, of which each is seen some times."""
    random = np.random.default_rng(seed)
    dimensions = open_embedder().dimensions
    spread = 1 / np.sqrt(1 + np.arange(dimensions))
    for start in range(0, count, _PART):
        number = min(_PART, count - start)
        places = random.standard_normal((-(-number // 4), dimensions)) * spread
        seen = np.repeat(places, 4, axis=0)[:number]
        seen += 0.35 * random.standard_normal(seen.shape) * spread
        yield unit(seen).astype(np.float16)


def _day(place: Path) -> None:
    embedder = open_embedder()
    store = EmbeddingStore(str(place), embedder.id, embedder.dimensions)

    def add(count: int, seed: int) -> None:
        for number, vectors in enumerate(_vectors(count, seed)):
            hashes = [f"{seed:08x}{number:08x}{row:048x}" for row in range(len(vectors))]
            store.write(Embeddings(hashes, vectors))

    add(_MOST, 1)
    began = time.perf_counter()
    # The pairs of these are not looked for: that takes long, and a day does not look at them.
    find, near_index.find_pairs = near_index.find_pairs, lambda *_: PAIRS.empty_table()
    near_pairs(str(place), embedder)
    near_index.find_pairs = find
    print(f"\nIndex of {_MOST:,} vectors, without their pairs: {time.perf_counter() - began:.0f} s")
    add(_DAY, 2)
    code = (
        "import time; began = time.perf_counter()\n"
        "from vidset.embeddings.near_index import near_pairs\n"
        "from vidset.embeddings.registry import open_embedder\n"
        f"near_pairs({str(place)!r}, open_embedder())\n"
        "import resource; peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(f'{time.perf_counter() - began:.1f} s, peak {peak / 1e3:.0f} MB')"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"A day of {_DAY:,} more: {told.stdout.strip()}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"Peak memory of making it all: {peak / 1e3:.0f} MB")


def _ffmpeg(words: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *words.split()], check=True)
