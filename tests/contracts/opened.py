"""Counts the files that a command opens, as `benchmarks.growth` does, in a process that is forked.

Each command has a process of its own, of which nothing is left; none of them imports anything.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.growth import Cost, Measure
from tests.paths import ROOT

_PROGRAM = """
import importlib, json, os, sys

for name in (
    "cv2", "duckdb", "vidset.cli.main", "vidset.cli.extract.extract", "vidset.intake.run",
    "vidset.datasets.curation.create", "vidset.warehouse.sync",
):
    importlib.import_module(name)

def run(below, words):
    opened = set()
    sys.addaudithook(
        lambda name, told: opened.add(str(told[0])) if name == "open" and told[0] else None
    )
    sys.argv = ["vidset", *words]
    os.dup2(2, 1)  # What it prints is looked at only if it fails.
    code = 0
    try:
        sys.modules["vidset.cli.main"].run()
    except SystemExit as ended:
        code = ended.code or 0
    return code, sum(path.startswith(below) for path in opened)

for line in sys.stdin:
    reading, writing = os.pipe()
    if not os.fork():
        found = run(*json.loads(line))
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as told:
        print(told.read() or "[-1, 0]", flush=True)
    os.wait()
"""


@contextmanager
def counting() -> Iterator[Measure]:
    """Yield what takes the place of the measure of `benchmarks.growth`: it tells files alone."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:

        def cost(words: Sequence[str], folder: Path) -> Cost:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps([str(folder), [*words]]) + "\n")
            process.stdin.flush()
            code, files = json.loads(process.stdout.readline())
            assert code == 0, words
            return Cost(0, 0, files)

        yield cost
