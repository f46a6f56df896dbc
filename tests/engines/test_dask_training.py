"""Seeds and folds that a real Dask cluster trains: the bits of this machine."""

import shutil
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason='Dask is wanted: pip install "vidset[dask]"')
pytest.importorskip("torch", reason="PyTorch is wanted")

from tests.cli.called import vidset
from tests.cli.trees import tree
from tests.datasets.numerals import write_numerals
from tests.engines.clusters import dask_cluster
from tests.training.runs import COUNTS, LABELS, are_equal, weights
from vidset.datasets.versions.repository import Repository

pytestmark = [pytest.mark.slow, pytest.mark.emulator, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask") / "cluster", workers=2) as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("made") / "place"
    write_numerals(Repository(place / "datasets"), COUNTS, labels=LABELS)
    return place


@pytest.fixture
def places(made, tmp_path):
    """Two places with one version each: for a cluster, and for this machine."""
    return [shutil.copytree(made, tmp_path / name) for name in ("far", "near")]


def the_version(place):
    return next(iter(Repository(place / "datasets").versions()))


def train(place, *words, epochs=2):
    version = the_version(place)
    return vidset("train", version, "-p", place, "--epochs", str(epochs), "--json", *words)


def test_seeds_have_the_bits_of_this_machine(cluster, places):
    far, near = places
    called = train(far, "--seeds", "1-2", "--dask", cluster.address)
    assert called.code == 0, called.err
    assert train(near, "--seeds", "1-2", "--workers", "1").code == 0
    runs = sorted(each.name for each in (far / "runs").iterdir())
    assert len(runs) == 2
    for run in runs:
        assert are_equal(weights(far / "runs" / run), weights(near / "runs" / run))
    assert [run["state"] for run in called.found["runs"]] == ["done", "done"]
    assert not (far / ".cache" / "probes").exists()


def trains(cluster, name) -> bool:
    """Whether a child of this worker has PyTorch in its memory."""
    return any(
        "libtorch" in Path(f"/proc/{pid}/maps").read_text() for pid in cluster.children(name)
    )


def test_a_run_whose_worker_dies_goes_on_with_another(places, tmp_path):
    far, near = places
    with dask_cluster(tmp_path / "cluster", workers=2) as cluster:
        killed = []

        def kill():
            """End the worker that trains, once the run has an epoch behind it."""
            while not any(far.glob("runs/*/history.jsonl")):
                time.sleep(0.01)
            name = next(name for name in ("w0", "w1") if trains(cluster, name))
            cluster.kill(name)
            killed.append(name)

        killer = threading.Thread(target=kill)
        killer.start()
        called = train(far, "--dask", cluster.address, epochs=6)
        killer.join()
    assert (called.code, len(killed)) == (0, 1), called.err
    assert train(near, epochs=6).code == 0
    (run,) = (far / "runs").iterdir()
    assert are_equal(weights(run), weights(near / "runs" / run.name))


def test_folds_give_the_errors_of_this_machine(cluster, places):
    far, near = places
    words = ("--folds", "2", "--epochs", "1", "--json")
    called = vidset("errors", the_version(far), "-p", far, *words, "--dask", cluster.address)
    assert called.code == 0, called.err
    assert vidset("errors", the_version(near), "-p", near, *words).code == 0
    folds = {name: data for name, data in tree(far / "errors").items() if "fold-" in name}
    assert {name: data for name, data in folds.items() if name.endswith(".parquet")}
    assert (far / "errors/errors.json").read_bytes() == (near / "errors/errors.json").read_bytes()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        pytest.param(("--track", "mlflow"), "--track mlflow: a tracker is told by", id="tracker"),
        pytest.param(("--engine", "nothing"), "nothing", id="no such engine"),
    ],
)
def test_what_another_machine_cannot_do_is_refused_before_any_work(cluster, places, words, wanted):
    engine = () if "--engine" in words else ("--dask", cluster.address)
    called = train(places[0], *words, *engine)
    assert called.code == 2
    assert wanted in called.refusal
    assert not (places[0] / "runs").exists()


def test_a_run_needs_no_cluster_to_show_its_errors(places):
    called = vidset("errors", "-p", places[0], "--dask", "tcp://127.0.0.1:1")
    assert called.code == 2
    assert "--dask: wanted --folds beside it" in called.refusal
