"""Measures what commands cost as a place grows: CPU, memory and files at three sizes.

A command whose cost grows faster than the size to the power of 1.2 fails the run.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plan import write_ledger

_SIZES = (500, 1500, 5000)
_SAMPLES = 200
_MOST_EXPONENT = 1.2
# Runs the command of its arguments in this process and counts what it opens.
_PROGRAM = """
import json, resource, sys
opened = set()
sys.addaudithook(
    lambda name, told: opened.add(str(told[0])) if name == "open" and told[0] else None
)
sys.argv[0] = "vidset"
from vidset.cli.main import run
try:
    run()
except SystemExit as ended:
    assert not ended.code, ended.code
place = sys.argv[sys.argv.index("-p") + 1]
used = resource.getrusage(resource.RUSAGE_SELF)
children = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = sum(each.ru_utime + each.ru_stime for each in (used, children))
files = sum(path.startswith(place) for path in opened)
print(json.dumps([seconds, used.ru_maxrss / 1024, files]), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and what is done to the place before it is measured.

    Attributes:
        aim: CPU seconds at the largest size, on a quiet machine with two cores.
    """

    name: str
    words: tuple[str, ...]
    aim: float
    before: Callable[[Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_seconds: float
    megabytes: float
    files: int


def _lose_one(place: Path) -> None:
    next(iter(sorted((place / "videos").iterdir()))).unlink()


# In this order: the first `status` and the first `sync` read each file, which is not measured.
CASES = (
    Case("status", ("status",), 0.5),
    Case("plan", ("plan",), 4),
    Case("sync, nothing new", ("sync",), 5),
    Case("sync, one ledger file gone", ("sync",), 5, _lose_one),
)


def run(_: Sequence[Path]) -> None:
    """Raises SystemExit: a command's cost grows too fast."""
    costs = {number: measure(number) for number in _SIZES}
    sizes = ", ".join(f"{number:,}" for number in _SIZES)
    print(f"\n| command | CPU s at {sizes} videos | exponent | aim | MB | files opened |")
    print("|---|---|---|---|---|---|")
    fast = []
    for case in CASES:
        found = [costs[number][case.name] for number in _SIZES]
        grown = exponent(_SIZES, [each.cpu_seconds for each in found])
        if grown > _MOST_EXPONENT:
            fast.append(case.name)
        seconds = ", ".join(f"{each.cpu_seconds:.2f}" for each in found)
        megabytes = ", ".join(f"{each.megabytes:.0f}" for each in found)
        files = ", ".join(str(each.files) for each in found)
        print(f"| {case.name} | {seconds} | {grown:.2f} | {case.aim:g} | {megabytes} | {files} |")
    if fast:
        sys.exit(f"These grow faster than the size to the power of 1.2: {', '.join(fast)}.")


def measure(videos: int, samples: int = _SAMPLES) -> dict[str, Cost]:
    """Make a place and measure every command on it, warm."""
    folder = Path(tempfile.mkdtemp())
    try:
        place = folder / "place"
        place.mkdir()
        write_ledger(place, videos, samples)
        for words in ("status",), ("sync",):
            _cost(words, place)
        costs = {}
        for case in CASES:
            if case.before:
                case.before(place)
            costs[case.name] = _cost(case.words, place)
        return costs
    finally:
        shutil.rmtree(folder)


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the power of the size by which the cost grew from the first to the last."""
    return math.log(values[-1] / values[0]) / math.log(sizes[-1] / sizes[0])


def _cost(words: Sequence[str], place: Path) -> Cost:
    command = [sys.executable, "-c", _PROGRAM, *words, "-p", str(place)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise RuntimeError(f"vidset {' '.join(words)}: {ended.stderr}")
    seconds, megabytes, files = json.loads(ended.stderr.splitlines()[-1])
    return Cost(seconds, megabytes, files)
