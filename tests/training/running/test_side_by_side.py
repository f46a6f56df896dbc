"""Several runs at once: the same bits as one after another, and what goes wrong is told."""

import threading
import time

import psutil
import pytest

from tests.datasets.numerals import write_numerals
from tests.training.runs import COUNTS, LABELS, Recorded, are_equal, weights
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.running.request import Request
from vidset.training.running.side_by_side import number_at_once, train_all

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _workers_are_ready() -> None:
    """Not here: they are looked for among this process's own."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A repository, and its version."""
    repository = Repository(tmp_path_factory.mktemp("drawn") / "datasets")
    return repository, write_numerals(repository, COUNTS, labels=LABELS)


@pytest.fixture
def requests(drawn, tmp_path):
    """Asks for two seeds, in folders below `name`."""

    def ask(name, **options):
        common = {"epochs": 2, "splits": ("validation",), **options}
        return [
            Request(*drawn, tmp_path / name / str(seed), seed=seed, **common) for seed in (1, 2)
        ]

    return ask


def trained(requests, workers, progress=None):
    names = [f"seed {request.seed}" for request in requests]
    return dict(train_all(requests, names, progress or Recorded(), workers))


def test_runs_at_once_have_the_bits_of_one_after_another(requests):
    alone, together = requests("alone"), requests("together")
    progress = Recorded()
    first, second = trained(alone, 1), trained(together, 2, progress)
    for place in 0, 1:
        assert first[place]["seed"] == second[place]["seed"] == place + 1
        assert are_equal(weights(alone[place].output), weights(together[place].output))
    assert {name: len(run.lines) for name, run in progress.runs.items()} == {
        "seed 1": 2,
        "seed 2": 2,
    }


def test_a_worker_that_is_killed_costs_nothing_that_was_learned(requests):
    asked = requests("killed", epochs=4)
    killed = []

    def kill():
        """A worker, once a run has an epoch behind it."""
        history = asked[0].output / "history.jsonl"
        while not (history.exists() and history.read_text()):
            time.sleep(0.01)
        workers = psutil.Process().children(recursive=True)
        worker = next(each for each in workers if "vidset.engines.child" in str(each.cmdline()))
        worker.kill()
        killed.append(worker.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    found = trained(asked, 2)
    killer.join()
    assert killed
    whole = requests("whole", epochs=4)
    trained(whole, 2)
    for place, request in enumerate(whole):
        assert found[place]["epochs"] == 4
        assert are_equal(weights(request.output), weights(asked[place].output))


def test_what_a_run_refuses_is_raised_as_it_is(requests):
    with pytest.raises(DatasetError, match="split 'nowhere'"):
        trained(requests("refused", splits=("nowhere",)), 2)


@pytest.mark.parametrize(
    ("options", "workers", "number"),
    [
        pytest.param({}, 5, 2, id="no more than runs"),
        pytest.param({}, 1, 1, id="as asked"),
        pytest.param({"threads": 1000}, None, 1, id="threads take all cores"),
        pytest.param({"device": "cuda"}, 2, 1, id="a GPU is shared"),
        pytest.param({"track": "mlflow"}, 2, 1, id="a tracker hears one run"),
    ],
)
def test_how_many_are_trained_at_once(requests, options, workers, number):
    assert number_at_once(requests("asked", **options), workers) == number
