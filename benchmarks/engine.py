"""Extraction on every core: wall and CPU seconds, memory of all processes, and what a clip costs.

Commands run as an installed program does, with compiled modules kept. Everything else that runs on
the machine is in the wall times: beside each stands what to compare it with in the same run.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from benchmarks.ingest import cpu_seconds, ours
from benchmarks.plan import write_ledger
from vidset.demo.drive import DRIVE, VIDEO, render_drive
from vidset.storage.folder import FolderStore

_LONG_MINUTES, _FIRST_MINUTES, _MEMORY_MINUTES = 60, 120, (10, 120)
_CLIPS, _CLIP_SECONDS, _SHORT_SECONDS = 3000, 2, 4
_LEDGER_VIDEOS, _LEDGER_SAMPLES = 3000, 200
_SIZE, _REPEATS = "1280x720", 5
_IMAGES, _IMAGE_BYTES = 1000, 60_000
_POLL_SECONDS = 0.05
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Ran:
    """The cost of a command: `megabytes` is the most that it and its children had at once."""

    seconds: float
    cpu_seconds: float
    megabytes: float = 0.0


def run(videos: Sequence[Path]) -> None:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        programs = Programs(work)
        source = source_of(videos, work)
        _long(programs, looped(source, work / "long.mp4", 60 * _LONG_MINUTES), cores)
        for minutes in _MEMORY_MINUTES:
            path = looped(source, work / "memory.mp4", 60 * minutes)
            ran = programs.extract(path, has_memory=True)
            print(f"| {minutes} minutes, peak of all processes | {ran.megabytes:.0f} MB |")
        path = looped(source, work / "first.mp4", 60 * _FIRST_MINUTES)
        seconds = programs.first_image(path, cores)
        print(f"| {_FIRST_MINUTES} minutes, hashed to first image | {seconds:.2f} s |", flush=True)
        _short(programs, looped(source, work / "short.mp4", _SHORT_SECONDS))
        _clips(programs, source, work)
        _ledger(programs, work)
        _images(work)


def source_of(videos: Sequence[Path], work: Path) -> Path:
    found = next((video for video in videos if video.name.startswith("static_cars")), None)
    if found is None:
        (work / "rendered").mkdir()
        render_drive(DRIVE, str(work / "rendered"))
        found = work / "rendered" / VIDEO
    return found


def looped(video: Path, path: Path, seconds: int) -> Path:
    """The same packets again and again, without sound: as long as wanted, and cheap to make."""
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(video)]
    command += ["-t", str(seconds), "-c", "copy", "-an", str(path)]
    subprocess.run(command, check=True)
    return path


def _long(programs: "Programs", path: Path, cores: int) -> None:
    print(f"\n{_LONG_MINUTES} minutes of {path.stat().st_size / 1e6:.0f} MB, {cores} cores:\n")
    print("| | seconds | CPU s |\n|---|---|---|")
    one = programs.extract(path, workers=1)
    print(f"| one worker | {one.seconds:.1f} | {one.cpu_seconds:.1f} |", flush=True)
    every = programs.extract(path)
    wall, cpu = every.seconds / one.seconds, every.cpu_seconds / one.cpu_seconds
    print(
        f"| all cores | {every.seconds:.1f}, {wall:.2f} of one worker's (aim: 0.55) "
        f"| {every.cpu_seconds:.1f}, {cpu:.3f} (aim: 1.06) |",
        flush=True,
    )
    theirs = programs.ffmpeg(path)
    print(f"| `ffmpeg -vf fps=1` | {theirs.seconds:.1f} | {theirs.cpu_seconds:.1f} |", flush=True)
    print("\n| | measured |\n|---|---|")


def _short(programs: "Programs", path: Path) -> None:
    programs.extract(path)  # Modules are compiled once.
    ran = min((programs.extract(path) for _ in range(_REPEATS)), key=lambda each: each.seconds)
    print(
        f"| {_SHORT_SECONDS} s, from command to end (aim: 0.8 s) "
        f"| {ran.seconds:.2f} s, {ran.cpu_seconds:.2f} CPU s |",
        flush=True,
    )


def _clips(programs: "Programs", source: Path, work: Path) -> None:
    """Clips of one small video: each has other content, since its number stands in it."""
    cv2.setNumThreads(1)
    clip = looped(source, work / "clip.mp4", _CLIP_SECONDS).read_bytes()
    folder = work / "clips"
    folder.mkdir()
    for number in range(_CLIPS):
        # A box that readers pass over: size, kind, contents (ISO/IEC 14496-12, 8.1.2).
        free = (16).to_bytes(4) + b"free" + number.to_bytes(8)
        (folder / f"{number:04d}.mp4").write_bytes(clip + free)
    paths = sorted(folder.iterdir())
    bare = cpu_seconds(lambda: [ours(path)() for path in paths], 1)
    ran = programs.extract(folder, workers=1)
    each = (ran.cpu_seconds - bare) / _CLIPS * 1000
    print(
        f"| {_CLIPS:,} clips of {_CLIP_SECONDS} s: the bare function {bare:.1f} CPU s, the command "
        f"| {ran.cpu_seconds:.1f} CPU s, {each:.2f} ms a clip more (aim: 10) |",
        flush=True,
    )


def _ledger(programs: "Programs", work: Path) -> None:
    place = work / "place"
    place.mkdir()
    write_ledger(place, _LEDGER_VIDEOS, _LEDGER_SAMPLES)
    ran = programs.vidset("sync", "-p", str(place), has_memory=True)
    print(
        f"| the first `vidset sync` of {_LEDGER_VIDEOS:,} videos with {_LEDGER_SAMPLES} samples "
        f"(aim: 250 MB) | {ran.megabytes:.0f} MB, {ran.cpu_seconds:.1f} CPU s |",
        flush=True,
    )


def _images(work: Path) -> None:
    """Print what an image costs that is only written, and one that is on the disk."""
    data, plain, store = os.urandom(_IMAGE_BYTES), work / "plain", FolderStore(str(work / "images"))
    plain.mkdir()
    for what, write in (
        ("written", lambda name: (plain / name).write_bytes(data)),
        ("synced", lambda name: store.put_once(name, data, "image/jpeg")),
    ):
        began, used = time.perf_counter(), time.process_time()
        for number in range(_IMAGES):
            write(f"{number}.jpg")
        took = time.perf_counter() - began, time.process_time() - used
        wall, cpu = (each / _IMAGES * 1000 for each in took)
        print(
            f"| an image of {_IMAGE_BYTES // 1000} kB, {what} | {wall:.2f} ms, {cpu:.2f} CPU ms |"
        )


class Programs:
    """Commands of an installed vidset: its modules are compiled and kept."""

    def __init__(self, work: Path):
        self._work = work
        # Variables by which a process finds what others have compiled, and keeps what it compiles.
        self.compiled = {
            "PYTHONPYCACHEPREFIX": str(work / "compiled"),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        self._environment = {**os.environ, "PYTHONPATH": str(_ROOT), **self.compiled}

    def extract(self, path: Path, *, workers: int | None = None, has_memory: bool = False) -> Ran:
        out = self._work / "out"
        words = ["extract", str(path), "-o", str(out), "-q"]
        if workers is not None:
            words += ["--workers", str(workers)]
        try:
            return self.vidset(*words, has_memory=has_memory)
        finally:
            shutil.rmtree(out)

    def vidset(self, *words: str, has_memory: bool = False) -> Ran:
        return self._run(self.command(*words), has_memory=has_memory)

    def command(self, *words: str) -> list[str]:
        program = "from vidset.cli.main import run; run()"
        return [sys.executable, "-c", program, *words]

    @property
    def environment(self) -> dict[str, str]:
        return self._environment

    def ffmpeg(self, path: Path) -> Ran:
        out = self._work / "frames"
        out.mkdir()
        command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", "fps=1", "-q:v", "2"]
        try:
            return self._run([*command, str(out / "%06d.jpg")])
        finally:
            shutil.rmtree(out)

    def first_image(self, path: Path, cores: int) -> float:
        out = self._work / "first"
        command = [sys.executable, "-m", "benchmarks.first_image", str(path), str(out), str(cores)]
        ended = subprocess.run(
            command, check=True, capture_output=True, text=True, env=self._environment
        )
        return float(ended.stdout)

    def _run(self, command: list[str], *, has_memory: bool = False) -> Ran:
        before, began = _children_seconds(), time.perf_counter()
        with subprocess.Popen(
            command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            peak = _watched(process.pid) if has_memory else lambda: 0.0
            _, told = process.communicate()
            megabytes = peak()
        seconds = time.perf_counter() - began
        if process.returncode:
            raise RuntimeError(f"{command}: {told.decode()}")
        return Ran(seconds, _children_seconds() - before, megabytes)


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watched(pid: int) -> Callable[[], float]:
    """Look at a process and its descendants until the result is called: it returns the peak, MB.

    Pages that several of them share count once (proportional set size).
    """
    stop, most = threading.Event(), [0.0]

    def watch() -> None:
        while not stop.wait(_POLL_SECONDS):
            most[0] = max(most[0], sum(map(_megabytes, _family(pid))))

    thread = threading.Thread(target=watch)
    thread.start()

    def peak() -> float:
        stop.set()
        thread.join()
        return most[0]

    return peak


def _family(pid: int) -> list[int]:
    family = [pid]
    for parent in family:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                family += map(int, children.read_text().split())
            except OSError:
                continue  # It has ended.
    return family


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # It has ended.
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
