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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "done"),
    [
        pytest.param("while decoding", None, id="while decoding"),
        pytest.param("amid an epoch", 1, id="amid an epoch"),
        pytest.param("before an epoch is kept", 1, id="before an epoch is kept"),
        pytest.param("before the history is written", 2, id="before the history is written"),
        pytest.param("after an epoch", 2, id="after an epoch"),
    ],
)
def test_killed_run_goes_on_to_the_same_weights(whole, tmp_path, moment, done):
    repository, version, unbroken = whole
    command = (sys.executable, "-m", "tests.training.running.killed")
    killed = subprocess.run(
        [*command, str(repository.root), version, str(tmp_path / "run"), moment],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert json.loads((tmp_path / "run/run.json").read_text())["state"] == "running"
    progress = Recorded()
    run = train(repository, version, tmp_path / "run", progress=progress)
    assert run["state"] == "done"
    assert progress.notes == ([f"going on after epoch {done} of 3"] if done else [])
    assert [line["epoch"] for line in progress.lines] == list(range((done or 0) + 1, 4))
    for name in ("last", "best"):
        assert are_equal(weights(unbroken, name), weights(tmp_path / "run", name))
    assert _figures(tmp_path / "run") == _figures(unbroken)
    for path in sorted((unbroken / "predictions").rglob("*.parquet")):
        same = tmp_path / "run" / path.relative_to(unbroken)
        assert pq.read_table(path).equals(pq.read_table(same))


def _figures(folder: Path) -> list[dict]:
    """The history without what it cost."""
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if not name.endswith("seconds")}
        for line in lines
    ]
