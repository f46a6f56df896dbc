"""`vidset predict` and `vidset duplicates` on a real Dask cluster, as on one machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason='Dask is wanted: pip install "vidset[dask]"')

from tests.cli.called import vidset
from tests.cli.predict.places import make_place
from tests.cli.trees import tree
from tests.engines.clusters import dask_cluster
from tests.prediction.predicted import documents, store_of
from vidset.labeling.stores.store import Query

pytestmark = [pytest.mark.slow, pytest.mark.emulator, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_place(tmp_path_factory.mktemp("made") / "place")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask") / "cluster", workers=2) as started:
        yield started


@pytest.fixture
def place(made, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = shutil.copytree(made, tmp_path / "place")
    (place / "vidset.toml").write_text(f'template = "{place}/template.yaml"\n')
    shutil.rmtree(place / "embeddings")
    return place


def predictions(place) -> dict[str, dict]:
    """Return all predictions, without where the place is and when they were written."""
    return {
        name: {key: value for key, value in each.items() if key not in ("written_at", "image_uri")}
        for name, each in documents(store_of(place)).items()
    }


def count(store) -> int:
    return store.count(Query("predictions"))


def test_predictions_are_those_of_a_local_run(cluster, place, tmp_path, monkeypatch):
    monkeypatch.setattr("vidset.prediction.predicting.CHUNK", 3)
    alone = shutil.copytree(place, tmp_path / "alone")
    local = vidset("predict", "-p", alone, "--workers", "1", "--json")
    called = vidset("predict", "-p", place, "--dask", cluster.address, "--json")
    moved = {each: local.found[each].replace("alone", "place") for each in ("place", "run", "next")}
    assert (called.code, called.found) == (0, {**local.found, **moved})
    assert predictions(place) == predictions(alone)
    again = vidset("predict", "-p", place, "--dask", cluster.file, "--json").found
    assert (again["predicted"], again["done"]) == (0, 11)
    assert not (place / ".cache" / "probes").exists()


def test_vectors_are_those_of_a_local_run(cluster, place, tmp_path, monkeypatch):
    monkeypatch.setattr("vidset.embeddings.computing._AT_ONCE", 2)
    monkeypatch.setattr("vidset.embeddings.computing._BATCHES_OF_PART", 2)
    gone = place / "images/c/0/0000000000.jpg"
    gone.unlink()
    words = ("duplicates", "-p", place, "--json")
    local = vidset(*words, "--workers", "1")
    whole = tree(place / "embeddings")
    assert len(whole) > 1
    shutil.rmtree(place / "embeddings")
    called = vidset(*words, "--dask", cluster.address)
    assert (called.code, called.found) == (1, local.found)
    assert tree(place / "embeddings") == whole
    shutil.rmtree(place / "embeddings")
    for shard in ("2/2", "1/2"):
        assert vidset(*words, "--shard", shard, "--dask", cluster.address).code in (0, 1)
    found = vidset(*words).found
    assert {**found, "new": 22} == {**local.found, "new": 22}


def test_a_worker_that_is_not_like_this_machine_is_named_before_any_work(cluster, place, tmp_path):
    info = tmp_path / "site" / "torch-1.2.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 1.2.3\n")
    cluster.worker("older", {"PYTHONPATH": str(tmp_path / "site")})
    called = vidset("predict", "-p", place, "--dask", cluster.address)
    cluster.kill("older")
    assert called.code == 2
    assert "cannot do the work: it has other versions: torch 1.2.3 (here " in called.refusal
    if os.geteuid() == 0 and shutil.which("unshare"):
        mount = f'mount -t tmpfs none {place} && exec "$@"'
        cluster.worker("apart", before=("unshare", "--mount", "sh", "-c", mount, "sh"))
        for command in ("predict", "duplicates"):
            called = vidset(command, "-p", place, "--dask", cluster.address)
            assert called.code == 2
            assert f"it does not see {place} as the machine does" in called.refusal
        cluster.kill("apart")
        runs = f'mount -t tmpfs none {place}/runs && exec "$@"'
        cluster.worker("bare", before=("unshare", "--mount", "sh", "-c", runs, "sh"))
        called = vidset("predict", "-p", place, "--dask", cluster.address)
        cluster.kill("bare")
        assert called.code == 2
        assert f"it does not see {place}/runs/v0-1" in called.refusal
    assert documents(store_of(place)) == {}
    assert not (place / "embeddings").exists()


def test_another_run_in_the_folder_of_this_name_is_refused(cluster, place, tmp_path):
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("mounting is root's alone")
    other = shutil.copytree(place / "runs", tmp_path / "other")
    (file,) = other.glob("*/run.json")
    details = json.loads(file.read_text())
    file.write_text(json.dumps(details | {"run_id": "0" * 32}))
    mount = f'mount --bind {other} {place}/runs && exec "$@"'
    cluster.worker("other", before=("unshare", "--mount", "sh", "-c", mount, "sh"))
    called = vidset("predict", "-p", place, "--dask", cluster.address)
    cluster.kill("other")
    assert called.code == 2
    assert f"wanted the run {details['run_id']}, got {'0' * 32}" in called.refusal


def test_ctrl_c_and_a_scheduler_that_is_gone_leave_what_is_stored(place, tmp_path):
    code = (
        "from vidset.prediction import predicting; predicting.CHUNK = 1; "
        "from vidset.cli.main import app; from vidset.cli.running import run; run(app)"
    )
    store = store_of(place)
    with dask_cluster(tmp_path / "cluster", workers=1) as cluster:
        for ending, wanted in ((signal.SIGINT, 130), (None, 1)):
            command = ["predict", "--all", "-p", place, "--dask", cluster.address]
            before = count(store)
            process = subprocess.Popen(
                [sys.executable, "-c", code, *map(str, command)], stderr=subprocess.PIPE, text=True
            )
            while count(store) == before:
                assert process.poll() is None
                time.sleep(0.01)
            if ending is None:
                cluster.kill("scheduler")
            else:
                process.send_signal(ending)
            _, said = process.communicate(timeout=600)
            assert "the same command goes on" in said.lower()
            assert process.returncode == wanted
        while cluster.children("w0"):
            time.sleep(0.1)
    stored = count(store)
    assert 2 <= stored < 18
    rest = vidset("predict", "--all", "-p", place, "--json").found
    assert (rest["done"], rest["predicted"]) == (stored, 18 - stored)
