"""Measures what Beam adds to the bare function, and how much memory a long video takes."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from benchmarks.ingest import cpu_seconds, ours

_VIDEOS, _SECONDS = 10, 30
_MINUTES = (5, 60)


def run(videos: list[Path]) -> None:
    source = next(
        (video for video in videos if video.name.startswith("static_cars")),
        videos[0] if videos else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        video = source or _rendered(work)
        _overhead(video, work)
        _memory(video, work)


def _rendered(folder: Path) -> Path:
    from vidset.demo.drive import DRIVE, VIDEO, render_drive

    render_drive(DRIVE, str(folder / "rendered"))
    return folder / "rendered" / VIDEO


def _overhead(video: Path, work: Path) -> None:
    """CPU seconds of the pipeline within one process, beside a loop over the function."""
    cv2.setNumThreads(1)
    clips = work / "clips"
    clips.mkdir()
    for number in range(_VIDEOS):
        _loop(video, clips / f"{number}{video.suffix}", seconds=_SECONDS)
    paths = sorted(clips.iterdir())
    bare = cpu_seconds(lambda: [ours(path)() for path in paths])
    piped = cpu_seconds(lambda: _pipeline(clips))
    print(f"\n{_VIDEOS} videos of {_SECONDS} s ({video.name}), one worker, CPU s:\n")
    print("| the function in a loop | vidset extract's workers | ratio |\n|---|---|---|")
    print(f"| {bare:.2f} | {piped:.2f} | {piped / bare:.2f} |", flush=True)


def _pipeline(folder: Path) -> None:
    from vidset.intake.request import Request
    from vidset.intake.run import extract

    with tempfile.TemporaryDirectory() as out:
        extract(Request((str(folder),), out, {}, workers=1))


def _memory(video: Path, work: Path) -> None:
    print(f"\n`vidset extract --workers 1` on {video.name}, repeated to a length:\n")
    print("| minutes | peak memory, MB | CPU s | samples |\n|---|---|---|---|")
    for minutes in _MINUTES:
        path = _loop(video, work / f"{minutes}{video.suffix}", seconds=60 * minutes)
        with tempfile.TemporaryDirectory() as out:
            # Not ru_maxrss: a child inherits its parent's.
            program = (
                "import sys; from vidset.cli.main import run\n"
                "try: run(sys.argv[1:])\n"
                "finally: print(*(l for l in open('/proc/self/status') if l[:5] == 'VmHWM'))"
            )
            arguments = ("extract", str(path), "--output", out, "--workers", "1", "--json")
            command = [sys.executable, "-c", program, *arguments]
            ended = subprocess.run(command, check=True, capture_output=True, text=True)
        summary, peak = ended.stdout.splitlines()[:2]
        values = json.loads(summary)
        megabytes = int(peak.split()[1]) / 1024
        print(
            f"| {minutes} | {megabytes:.0f} | {values['cpu_seconds']:.1f} | {values['samples']} |",
            flush=True,
        )


def _loop(video: Path, path: Path, *, seconds: int) -> Path:
    """The same packets again and again: as long as wanted, and cheap to make."""
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(video)]
    command += ["-t", str(seconds), "-c", "copy", "-an", str(path)]
    subprocess.run(command, check=True)
    return path
