"""`vidset dataset create`, `diff`, `verify`: seconds and memory, each in a process of its own."""

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from time import perf_counter
from typing import Any

import cv2
import numpy as np

_IMAGES, _LABELS, _CHANGED = 100_000, 10, 1_000
_WIDTH, _HEIGHT = 320, 240


@dataclass(frozen=True, slots=True)
class _Ran:
    seconds: float
    cpu_seconds: float
    megabytes: float
    found: dict[str, Any]


def run(videos: list[Path]) -> None:  # noqa: ARG001  It draws its own images.
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "images")
        size = draw_images(folder, _IMAGES)
        print(
            f"\n{_IMAGES:,} images of {_WIDTH} x {_HEIGHT}, {size / _IMAGES / 1000:.0f} kB each\n"
        )
        print("| | seconds | CPU seconds | images/s | peak memory, MB |")
        print("|---|---|---|---|---|")
        create = ("create", str(folder), "-p", temporary)
        first = _show("create", _dataset(*create, "--name", "v0"))
        _show("the same once more", _dataset(*create))
        change_images(folder, _CHANGED)
        name = f"create --from, {3 * _CHANGED:,} changed"
        _show(name, _dataset(*create, "--name", "v1", "--parent", "v0", "--instead"))
        _show("diff of the two", _dataset("diff", "v0", "v1", "-p", temporary))
        _show("verify", _dataset("verify", "-p", temporary))
        assert first.found["images"] == _IMAGES


def draw_images(folder: Path, number: int) -> int:
    """Blurred noise as JPEG, `<label>/<number>.jpg`; the bytes of all."""
    random, size = np.random.default_rng(0), 0
    for label in range(_LABELS):
        (folder / str(label)).mkdir(parents=True)
    for n in range(number):
        small = random.integers(0, 256, (_HEIGHT // 12, _WIDTH // 12, 3), np.uint8)
        data = cv2.imencode(".jpg", cv2.resize(small, (_WIDTH, _HEIGHT)))[1].tobytes()
        (folder / str(n % _LABELS) / f"{n}.jpg").write_bytes(data)
        size += len(data)
    return size


def change_images(folder: Path, number: int) -> None:
    """Removes a number of images, labels as many otherwise, and adds as many."""
    for n in range(number):
        (folder / str(n % _LABELS) / f"{n}.jpg").unlink()
        moved = n + number
        (folder / str(moved % _LABELS) / f"{moved}.jpg").rename(
            folder / str((moved + 1) % _LABELS) / f"{moved}.jpg"
        )
    random = np.random.default_rng(1)
    for n in range(_IMAGES, _IMAGES + number):
        small = random.integers(0, 256, (_HEIGHT // 12, _WIDTH // 12, 3), np.uint8)
        data = cv2.imencode(".jpg", cv2.resize(small, (_WIDTH, _HEIGHT)))[1].tobytes()
        (folder / str(n % _LABELS) / f"{n}.jpg").write_bytes(data)


def _dataset(*arguments: str) -> _Ran:
    command = [sys.executable, "-m", "vidset", "dataset", *arguments, "--json"]
    before = perf_counter()
    with Popen(command, stdout=PIPE, text=True) as process:
        out = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} ended with {process.returncode}"
    return _Ran(
        seconds=perf_counter() - before,
        cpu_seconds=used.ru_utime + used.ru_stime,
        megabytes=used.ru_maxrss / 1024,
        found=json.loads(out),
    )


def _show(name: str, ran: _Ran) -> _Ran:
    each = f"{_IMAGES / ran.seconds:,.0f}"
    print(
        f"| {name} | {ran.seconds:.1f} | {ran.cpu_seconds:.1f} | {each} | {ran.megabytes:.0f} |",
        flush=True,
    )
    return ran
