"""`vidset view` on 200,000 generated images, in the system's Chromium, and `vidset status`."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pyarrow.dataset as ds

from benchmarks.plan import write_ledger
from tests.drawing import scene
from tests.emulators.browser import find_browser, run_browser
from vidset.view.thumbnails import small_webp

_IMAGES = 200_000
_VIDEOS, _SAMPLES = 1_000, 255  # Four of five samples are kept.
_STATUS = (5_000, 200)
_PICTURES = 256
_QUESTIONS = 120
_SECONDS = 1200
# As on the machine of a user: what was compiled once is kept.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
_COMPILED = "import vidset.cli.main, vidset.view.serving, vidset.overview.overview"
# Pictures are looked for, and not the end of all that the page asks for beside them.
_SETTINGS = {"ready": ".grid", "width": 1280, "height": 800, "wait_ms": 600_000}
_SCROLL = """async () => {
  const grid = document.querySelector(".grid");
  const rates = [];
  for (const step of [15, 60, 400]) {
    grid.scrollTop = 0;
    await new Promise((done) => setTimeout(done, 1500));
    let frames = 0, missing = 0;
    const start = performance.now();
    while (performance.now() - start < 5000) {
      await new Promise(requestAnimationFrame);
      grid.scrollTop += step;
      frames += 1;
    }
    rates.push(Math.round(1000 * frames / (performance.now() - start)));
  }
  return rates;
}"""
_JUMP = """async () => {
  const grid = document.querySelector(".grid");
  const start = performance.now();
  grid.scrollTop = grid.scrollHeight * 0.77;
  await new Promise(requestAnimationFrame);
  const isWhole = () => Number(grid.dataset.drawn) > 20;
  for (;;) {
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    if (isWhole()) return Math.round(performance.now() - start);
  }
}"""
_USABLE = """async () => {
  while (!(Number(document.querySelector(".grid")?.dataset.drawn) > 0)) {
    await new Promise((done) => setTimeout(done, 20));
  }
  return Math.round(performance.now());
}"""


def run(_: list[Path]) -> None:
    print("\n## The page of 200,000 images\n")
    subprocess.run([sys.executable, "-c", _COMPILED], check=True, env=_ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "place")
        _ENVIRONMENT["XDG_CACHE_HOME"] = str(Path(folder, "cache"))
        make_place(place)
        fresh = serve(place)
        _status(str(place))  # It packs the ledgers, as extraction does at its end.
        prepare(place)
        prepared = serve(place)
    print("\n| | fresh | prepared |\n|---|---|---|")
    for name in fresh:
        print(f"| {name} | {fresh[name]} | {prepared[name]} |", flush=True)
    print(f"\nThumbnails from 720p JPEGs: {thumbnail_rate():.0f} for a second of one core.")
    with tempfile.TemporaryDirectory() as folder:
        write_ledger(Path(folder), *_STATUS)
        first, *warm = (_status(folder) for _ in range(4))
    cpu, seconds = min(warm)
    print(
        f"`vidset status` on {_STATUS[0] * _STATUS[1]:,} samples of {_STATUS[0]:,} videos: "
        f"{cpu:.2f} CPU s and {seconds:.2f} s, warm; the first time {first[1]:.2f} s."
    )


def make_place(place: Path) -> None:
    """Ledgers of some 200,000 kept images; each is one of 256 pictures of 720p, linked."""
    place.mkdir()
    write_ledger(place, _VIDEOS, _SAMPLES, f"{place}/images", side=1280)
    kept = ds.dataset(place / "frames").to_table(["image_uri"], filter=ds.field("kept"))
    pictures = list(_pictures(place.parent))
    for at, uri in enumerate(kept["image_uri"].to_pylist()):
        path = Path(uri)
        if at % 100 == 0 or not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
        os.link(pictures[at % _PICTURES], path)
    print(f"{len(kept):,} images of {_VIDEOS:,} videos", flush=True)


def _pictures(folder: Path) -> Any:
    for number in range(_PICTURES):
        picture = cv2.resize(scene(number), (1280, 720), interpolation=cv2.INTER_CUBIC)
        path = folder / f"{number}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
        path.write_bytes(cv2.imencode(".jpg", picture, quality)[1].tobytes())
        yield path


def prepare(place: Path) -> None:
    """Make the thumbnails, as a server that was left alone has done."""
    small = [small_webp(path.read_bytes(), str(path)) for path in _sorted(place.parent)]
    hashes = ds.dataset(place / "frames").to_table(["image_sha256"], filter=ds.field("kept"))
    rows = (
        (sha256, small[at % _PICTURES])
        for at, sha256 in enumerate(hashes["image_sha256"].to_pylist())
    )
    with sqlite3.connect(place / "cache" / "view" / "thumbnails.sqlite") as file:
        file.executemany("INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", rows)


def _sorted(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jpg"), key=lambda path: int(path.stem))


def serve(place: Path) -> dict[str, str]:
    """Start the server, and measure it by a browser and by questions."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "vidset", "view", str(place), "--json", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        answering = time.perf_counter() - start
        found = run_browser(
            find_browser(),
            url,
            (
                ["open", "#/images"], ["run", _USABLE], ["run", _SCROLL], ["run", _JUMP],
            ),
            allowed=(url, "blob:"),
            timeout=_SECONDS,
            **_SETTINGS,
        )  # fmt: skip
        milliseconds = _ask(url)
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = {
            name: int(value.split()[0]) / 1024
            for name, _, value in (line.partition(":") for line in status.splitlines())
            if name in ("VmHWM", "VmRSS")
        }
    finally:
        process.terminate()
        process.wait()
    return {
        "the server answers after, s": f"{answering:.1f}",
        "thumbnails are seen in the browser after, s": f"{found[1] / 1000:.1f}",
        "frames/s at 15, 60, 400 px a frame": ", ".join(map(str, found[2])),
        "a jump to 77 %, ms": str(found[3]),
        "a filter, median and p95, ms": f"{np.median(milliseconds):.0f}, "
        f"{np.percentile(milliseconds, 95):.0f}",
        "memory of the server afterwards, and at most, MB": f"{memory['VmRSS']:.0f}, "
        f"{memory['VmHWM']:.0f}",
    }


def _ask(url: str) -> list[float]:
    """Ask as a person does who moves a slider and chooses orders."""
    random = np.random.default_rng(0)
    orders = ("video", "sharpest", "dark", "alike", "newest")
    taken = []
    with httpx.Client(base_url=url, trust_env=False, timeout=_SECONDS) as client:
        for number in range(_QUESTIONS):
            low = float(random.random()) * 0.9
            wanted: dict[str, Any] = {
                "ranges": {"brightness": [low, low + 0.1 + random.random() * 0.5]},
                "values": {"state": ["unlabeled"]} if number % 3 else {},
                "condition": "ssim > 0.5" if number % 4 == 0 else "",
                "sort": orders[number % len(orders)],
                "one_of_alike": number % 10 == 9,
            }
            before = time.perf_counter()
            client.post("api/query", json=wanted).raise_for_status()
            taken.append(1000 * (time.perf_counter() - before))
    return taken


def thumbnail_rate() -> float:
    """Thumbnails for a CPU second of one core."""
    folder = Path(tempfile.mkdtemp())
    cv2.setNumThreads(1)
    try:
        data = [path.read_bytes() for path in list(_pictures(folder))[:100]]
        before = time.process_time()
        for each in data:
            small_webp(each, "picture")
        return len(data) / (time.process_time() - before)
    finally:
        shutil.rmtree(folder)


def _status(folder: str) -> tuple[float, float]:
    """CPU seconds and seconds of a process."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "vidset", "status", folder, "--json"]
    subprocess.run(command, check=True, capture_output=True, env=_ENVIRONMENT)
    seconds, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system
    return cpu - before.children_user - before.children_system, seconds
