"""ffprobe and ffmpeg as the other opinion: which frames a video shows, when, and their pixels."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

_TIMEOUT_SECONDS = 600


def require(*tools: str) -> None:
    """Skip the test where a tool is missing; fail it where VIDSET_REQUIRE_TOOLS=1 (CI) is set."""
    missing = ", ".join(tool for tool in tools if shutil.which(tool) is None)
    if missing and os.environ.get("VIDSET_REQUIRE_TOOLS") == "1":
        pytest.fail(f"not installed, and VIDSET_REQUIRE_TOOLS=1: {missing}")
    if missing:
        pytest.skip(f"not installed: {missing}")


def run(*command: str | Path) -> bytes:
    """The standard output of a tool that must succeed."""
    require(str(command[0]))
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=_TIMEOUT_SECONDS,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr.decode()}"
    return done.stdout


@dataclass(frozen=True, slots=True)
class Shown:
    """The frames that a video shows, in order: their times in ticks of `time_base` seconds."""

    ticks: tuple[int, ...]
    time_base: Fraction

    def samples(self, every: Fraction) -> list[int]:
        """Sample k is the first frame with t - t_first >= k * every: the indices of these frames.

        As the contract says it, one k after the other; a frame is given once.
        """
        chosen, due = [], Fraction(0)
        for index, ticks in enumerate(self.ticks):
            seconds = (ticks - self.ticks[0]) * self.time_base
            if seconds >= due:
                chosen.append(index)
                due = (seconds // every + 1) * every
        return chosen

    def seconds(self, every: Fraction) -> list[float]:
        """The times of the samples, from the first frame's."""
        first = self.ticks[0]
        return [float((self.ticks[i] - first) * self.time_base) for i in self.samples(every)]


def _probe(path: Path, *what: str) -> dict:
    command = ("ffprobe", "-v", "error", "-select_streams", "V:0", "-of", "json", *what, path)
    return json.loads(run(*command))


_streams: dict[Path, dict] = {}


def stream(path: Path) -> dict:
    """What ffprobe says of the first video stream that is no cover picture."""
    if path not in _streams:
        _streams[path] = _probe(path, "-show_streams")["streams"][0]
    return _streams[path]


@cache
def shown(path: Path) -> Shown:
    """By decoding: ffprobe's frame list. A best effort timestamp is the pts where there is one."""
    # Asked together: most of what ffprobe costs for a short video is its start.
    told = _probe(path, "-show_streams", "-show_entries", "frame=best_effort_timestamp")
    frames, _streams[path] = told["frames"], told["streams"][0]
    time_base = Fraction(stream(path)["time_base"])
    # In AVI, what leaves the decoder at the end has no time; in a bare stream nothing has.
    step = 1 / (Fraction(stream(path)["r_frame_rate"]) * time_base)
    ticks: list[int] = []
    for frame in frames:
        guess = round(ticks[-1] + step) if ticks else 0
        ticks.append(frame.get("best_effort_timestamp", guess))
    assert all(a < b for a, b in pairwise(ticks)), "ffprobe's frames are not in order"
    return Shown(tuple(ticks), time_base)


@cache
def shown_by_packets(path: Path) -> Shown:
    """By demuxing alone: for long videos without edit lists."""
    packets = _probe(path, "-show_entries", "packet=pts")["packets"]
    ticks = tuple(sorted(packet["pts"] for packet in packets))
    return Shown(ticks, Fraction(stream(path)["time_base"]))


def keyframe_places(path: Path, around: tuple[float, float]) -> list[int]:
    """Where in the file, in bytes, the first keyframe's packet after each time begins."""
    packets = _probe(path, "-show_entries", "packet=pts_time,pos,flags")["packets"]
    keyframes = [packet for packet in packets if "K" in packet["flags"]]
    start = float(keyframes[0]["pts_time"])
    return [
        next(int(k["pos"]) for k in keyframes if float(k["pts_time"]) - start > seconds)
        for seconds in around
    ]


def pictures(path: Path, indices: list[int]) -> np.ndarray:
    """(n, height, width, 3) uint8 RGB of the shown frames with these indices, upright.

    All must have one size. Raw BGR, never ffmpeg's JPEGs: those shift the colours of BT.709.
    """
    chosen = "+".join(f"eq(n,{index})" for index in indices)
    raw = run(
        *("ffmpeg", "-v", "error", "-threads", "1", "-i", path, "-map", "0:V:0"),
        *("-vf", f"select='{chosen}'", "-fps_mode", "passthrough"),
        *("-f", "rawvideo", "-pix_fmt", "bgr24", "-"),
    )
    width, height = upright_size(path)
    return np.frombuffer(raw, np.uint8).reshape(len(indices), height, width, 3)[..., ::-1]


def rotation(path: Path) -> int:
    """Degrees clockwise. ffprobe gives the display matrix' angle, which is counterclockwise."""
    side_data = stream(path).get("side_data_list", [])
    return -next((data["rotation"] for data in side_data if "rotation" in data), 0) % 360


def upright_size(path: Path) -> tuple[int, int]:
    size = stream(path)["width"], stream(path)["height"]
    return size[::-1] if rotation(path) in (90, 270) else size
