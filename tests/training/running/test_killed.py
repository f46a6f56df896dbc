"""A run that was killed goes on, and ends with the same weights, bit for bit."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.datasets.numerals import write_numerals
from tests.training.runs import COUNTS, LABELS, Recorded, are_equal, train, weights
from vidset.datasets.versions.repository import Repository

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A repository, its version, and the folder of a run that nothing interrupted."""
    root = tmp_path_factory.mktemp("whole")
    repository = Repository(root / "datasets")
    version = write_numerals(repository, COUNTS, labels=LABELS)
    train(repository, version, root / "run")
    return repository, version, root / "run"


# And how many epochs are done then.
MOMENTS = {
    "while decoding": None,
    "amid an epoch": 1,
    "before an epoch is kept": 1,
    "before the history is written": 2,
    "after an epoch": 2,
}


@pytest.fixture(scope="module")
def killed(whole, tmp_path_factory) -> Path:
    """A folder with a killed run for each moment, named as it."""
    repository, version, _ = whole
    folder = tmp_path_factory.mktemp("killed")
    command = (sys.executable, "-m", "tests.training.running.killed")
    ended = subprocess.run(
        [*command, str(repository.root), version, str(folder), *MOMENTS],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ended.stdout.split() == [str(-signal.SIGKILL)] * len(MOMENTS), ended.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "done"), [*MOMENTS.items()], ids=[*MOMENTS])
def test_killed_run_goes_on_to_the_same_weights(whole, killed, moment, done):
    repository, version, unbroken = whole
    output = killed / moment
    assert json.loads((output / "run.json").read_text())["state"] == "running"
    progress = Recorded()
    run = train(repository, version, output, progress=progress)
    assert run["state"] == "done"
    assert progress.notes == ([f"going on after epoch {done} of 3"] if done else [])
    assert [line["epoch"] for line in progress.lines] == list(range((done or 0) + 1, 4))
    for name in ("last", "best"):
        assert are_equal(weights(unbroken, name), weights(output, name))
    assert _figures(output) == _figures(unbroken)
    for path in sorted((unbroken / "predictions").rglob("*.parquet")):
        same = output / path.relative_to(unbroken)
        assert pq.read_table(path).equals(pq.read_table(same))


def _figures(folder: Path) -> list[dict]:
    """The history without what it cost."""
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if not name.endswith("seconds")}
        for line in lines
    ]
