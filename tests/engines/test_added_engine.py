"""An engine that another package adds with an entry point."""

import sys

import pytest

from tests.cli.called import vidset
from tests.cli.trees import tree

TOY = '''
from collections import deque

from vidset.engines.engine import Outcome


class Toy:
    """Does the last task first, here and now."""

    capacity, cpu_seconds = 3, 0.5

    def __init__(self, address, opens, limits, report):
        self._work, self._report, self._tasks = opens(), report, deque()

    def submit(self, task):
        self._tasks.append(task)

    def next(self, timeout_seconds):
        task = self._tasks.pop()
        return Outcome(task, self._work(task, self._report))

    def end(self):
        self._tasks.clear()
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "toy_engine-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vidset.engines]\ntoy = toy_engine:Toy\n")
    (site / "toy_engine.py").write_text(TOY)
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("toy_engine", None)


def test_an_added_engine_leaves_the_bytes_of_a_local_run(toy, video, tmp_path, monkeypatch):
    place = tmp_path / "out"
    vidset("extract", video.parent, "-o", place, "--workers", 1)
    whole = tree(place)
    for path in place.rglob("*.parquet"):
        path.unlink()
    monkeypatch.setenv("VIDSET_ENGINE", "toy")
    found = vidset("extract", video.parent, "-o", place, "--json").found
    assert (found["done"], found["samples"]) == (1, 5)
    assert tree(place) == whole


def test_an_unknown_engine_is_refused_with_those_that_there_are(toy, video, tmp_path):
    called = vidset("extract", video, "-o", tmp_path / "out", "--engine", "dusk")
    assert (called.code, called.refusal.splitlines()[0]) == (
        2,
        "engine: wanted one of dask, local, toy, got 'dusk'. Did you mean 'dask'?",
    )


def test_two_engines_are_refused(video, tmp_path):
    one = vidset("extract", video, "-o", tmp_path / "out", "--dask", "tcp://h:1", "--engine", "toy")
    two = vidset(
        "extract", video, "-o", tmp_path / "out", "--dask", "tcp://h:1", "--runner", "DirectRunner"
    )
    assert (one.code, two.code) == (2, 2)
    assert "--dask and --engine toy: wanted one engine, got two" in one.refusal
    assert "wanted one engine, got Beam's runner and another one" in two.refusal
