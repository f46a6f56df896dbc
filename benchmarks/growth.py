"""Measures what commands cost as a place grows: CPU, memory and files opened at three sizes.

A command whose cost grows faster than the size to the power of 1.2 fails the run.
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.growth_grounds import GROUNDS, Ground

_MOST_EXPONENT = 1.2
_MOMENT_SECONDS = 2.5
# Runs the command of its arguments in this process and counts what it opens below a folder.
_PROGRAM = """
import json, os, re, resource, sys
opened = set()
below = os.environ["GROWTH_FOLDER"]
sys.addaudithook(
    lambda name, told: opened.add(str(told[0])) if name == "open" and told[0] else None
)
sys.argv[0] = "vidset"
from vidset.cli.main import run
try:
    run()
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stdout.flush()
used = resource.getrusage(resource.RUSAGE_SELF)
children = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = sum(each.ru_utime + each.ru_stime for each in (used, children))
files = sum(path.startswith(below) for path in opened)
# ru_maxrss begins with what the process had from which this one was forked.
peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1]) / 1024
print(json.dumps([seconds, peak, files]), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a command. `files` counts those that it opened, without its workers'."""

    cpu_seconds: float
    megabytes: float
    files: int


# Runs a command's words, and measures what it does below a folder.
Measure = Callable[[Sequence[str], Path], Cost]


def run(_: Sequence[Path]) -> None:
    """Raises SystemExit: a command's cost grows too fast."""
    fast = []
    print("\n| command | sizes | CPU s | exponent | aim on a quiet machine | MB | files opened |")
    print("|---|---|---|---|---|---|---|")
    for ground in GROUNDS:
        costs = {number: measure(ground, number) for number in ground.sizes}
        sizes = ", ".join(f"{number:,}" for number in ground.sizes)
        for case in ground.cases:
            found = [costs[number][case.name] for number in ground.sizes]
            grown = exponent(ground.sizes, [each.cpu_seconds for each in found])
            if grown > _MOST_EXPONENT:
                fast.append(case.name)
            seconds = ", ".join(f"{each.cpu_seconds:.2f}" for each in found)
            megabytes = ", ".join(f"{each.megabytes:.0f}" for each in found)
            files = ", ".join(str(each.files) for each in found)
            print(
                f"| {case.name} | {sizes} {ground.unit} | {seconds} | {grown:.2f} "
                f"| {case.aim:g} at {case.aim_size:,} | {megabytes} | {files} |",
                flush=True,
            )
    if fast:
        sys.exit(f"These grow faster than the size to the power of 1.2: {', '.join(fast)}.")


def measure(
    ground: Ground,
    number: int,
    make: Callable[[Path, int], None] | None = None,
    cost: Measure | None = None,
) -> dict[str, Cost]:
    """Make the inputs of a size and measure every command on them, warm.

    Args:
        make: instead of the ground's own.
        cost: what measures a command, instead of a process of its own for each.
    """
    cost = cost or _cost
    folder = Path(tempfile.mkdtemp())
    try:
        (make or ground.make)(folder, number)
        # What was written a moment ago is read again, for it may change once more in that moment.
        time.sleep(_MOMENT_SECONDS)
        for words in ground.warm:
            cost(_told(words, folder), folder)
        costs = {}
        for case in ground.cases:
            if case.before:
                case.before(folder)
            costs[case.name] = cost(_told(case.words, folder), folder)
        return costs
    finally:
        shutil.rmtree(folder)


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the power of the size by which the cost grew from the first to the last."""
    return math.log(values[-1] / values[0]) / math.log(sizes[-1] / sizes[0])


def _told(words: Sequence[str], folder: Path) -> list[str]:
    told = [word.replace("{0}", str(folder)) for word in words]
    return told if "-p" in told else [*told, "-p", str(folder / "place")]


def _cost(told: Sequence[str], folder: Path) -> Cost:
    command = [sys.executable, "-c", _PROGRAM, *told]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    environment["GROWTH_FOLDER"] = str(folder)
    # An installed vidset is compiled once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if ended.returncode:
        raise RuntimeError(f"vidset {' '.join(told)}: {ended.stderr}")
    seconds, megabytes, files = json.loads(ended.stderr.splitlines()[-1])
    return Cost(seconds, megabytes, files)
