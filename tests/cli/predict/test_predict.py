"""`vidset predict` on a place with a run that was trained there."""

import json
import os
import shutil
import signal
import subprocess
import sys
from itertools import chain

import pytest

from tests.chaos.counts import times
from tests.cli.called import Called, vidset
from tests.cli.labels import make_output
from tests.cli.predict.places import make_place
from tests.paths import ROOT
from tests.prediction.predicted import documents, store_of
from tests.training.running.test_command import write_model
from vidset.storage.open import open_store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_place(tmp_path_factory.mktemp("made") / "place")


@pytest.fixture
def place(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "place")
    (place / "vidset.toml").write_text(f'template = "{place}/template.yaml"\n')
    return place


def predict(place, *words: str) -> Called:
    return vidset("predict", "-p", place, *words)


def test_images_without_a_label_are_predicted_but_for_the_evaluation_side(place):
    called = predict(place, "--json", "--workers", "1")
    assert called.code == 0, called.err
    found = called.found
    # Kept are 8 of a, 5 of b, 6 of c and 4 of d; labeled 3, 2, 0 and 4. b validates.
    counts = {name: found[name] for name in ("predicted", "objects", "done", "labeled")}
    assert counts == {"predicted": 11, "objects": 11, "done": 0, "labeled": 9}
    assert (found["evaluation"], found["failed"], found["left_out"]) == (3, 0, {})
    stored = documents(store_of(place)).values()
    assert {each["run"] for each in stored} == {"v0-1"}
    assert {each["image_uri"].split("/images/")[1][0] for each in stored} == {"a", "c"}
    assert all(0 <= each["uncertainty"] <= 1 for each in stored)


def test_again_nothing_is_done_and_with_all_the_rest(place):
    assert predict(place, "--limit", "4", "--json").found["predicted"] == 4
    rest = predict(place, "--json").found
    assert (rest["predicted"], rest["done"]) == (7, 4)
    before = documents(store_of(place))
    every = predict(place, "--all", "--prelabel-evaluation", "--json").found
    assert (every["predicted"], every["done"], every["labeled"]) == (12, 11, 0)
    assert {name: documents(store_of(place))[name] for name in before} == before
    assert len(documents(store_of(place))) == 23


def test_a_dry_run_stores_nothing(place):
    called = predict(place, "--dry-run")
    assert called.out.splitlines()[0] == "11 images would be predicted; nothing was stored"
    assert documents(store_of(place)) == {}


def test_shards_are_disjoint_and_together_everything(place):
    found = [predict(place, "--shard", f"{part}/2", "--json").found for part in (1, 2)]
    assert sum(each["predicted"] for each in found) == 11
    assert sum(each["done"] for each in found) == 0


def test_several_processes_do_what_one_does(place, made, tmp_path, monkeypatch):
    monkeypatch.setattr("vidset.prediction.predicting.CHUNK", 3)
    monkeypatch.setattr("vidset.prediction.predicting._ALONE", 4)
    found = predict(place, "--workers", "2", "--json").found
    assert (found["predicted"], found["failed"]) == (11, 0)
    alone = shutil.copytree(made, tmp_path / "alone")
    assert predict(alone, "--workers", "1", "--json").code == 0
    assert said_in(place) == said_in(alone)


def test_a_label_that_the_template_lacks_is_told(place):
    (place / "template.yaml").write_text("name: t\nlabels: [{name: rain, type: classification}]\n")
    called = predict(place)
    kept = sum(len(each["objects"]) for each in documents(store_of(place)).values())
    assert f"11 images predicted, {kept} objects to start from" in called.out
    assert ("left out: the template has no classification 'sun'" in called.out) is (kept < 11)


def test_an_image_that_is_gone_is_named_and_the_exit_code_is_1(place):
    (place / "images/c/0/0000000000.jpg").unlink()
    called = predict(place)
    assert called.code == 1
    assert "images/c/0/0000000000.jpg: No such file or directory" in called.err
    assert called.out.splitlines()[0] == "10 images predicted, 10 objects to start from"


@pytest.mark.slow
@times(2, 8)
def test_killed_between_shards_nothing_is_lost_or_double(place, made, tmp_path, count):
    unbroken = shutil.copytree(made, tmp_path / "unbroken")
    assert predict(unbroken, "--workers", "1", "-q").code == 0
    stored = 0
    for number in range(count):
        # Of the one shard after a commit, of the other before one, later ones farther on.
        words = ("--shard", f"{number % 2 + 1}/2", "--workers", "1", "-p", str(place))
        before = stored
        code = run_killed(2 - number % 2 + number // 2, *words)
        stored = len(documents(store_of(place)))
        assert code in (-signal.SIGKILL, 0)
        if number == 0:
            assert (code, stored) == (-signal.SIGKILL, 3)
        assert before <= stored <= 11
    rest = predict(place, "--workers", "1", "--json").found
    assert (rest["done"], rest["predicted"], rest["failed"]) == (stored, 11 - stored, 0)
    assert said_in(place) == said_in(unbroken)


def run_killed(boundary: int, *words: str) -> int:
    """Predict in a process that dies at a boundary (see `killed`); its exit code."""
    command = (sys.executable, "-m", "tests.cli.predict.killed", str(boundary), *words)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=600).returncode


def said_in(place) -> dict[str, dict]:
    """Return the predictions by id, without where the place is and when it was."""
    return {
        name: {key: value for key, value in each.items() if key not in ("written_at", "image_uri")}
        for name, each in documents(store_of(place)).items()
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("v9",), "run 'v9'", id="no such run"),
        pytest.param(("--shard", "3/2"), "--shard 3/2", id="no such shard"),
        pytest.param(("--answer-score", "2"), "--answer-score", id="no score"),
    ],
)
def test_bad_usage_is_refused_before_any_work(place, words, said):
    called = predict(place, *words)
    assert called.code == 2
    assert said in called.err
    assert documents(store_of(place)) == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"model": "forest"}, "trained by forest, which is no model", id="a program"),
        *(
            pytest.param(
                {"task": task, "transforms": [{"step": "flip"}]},
                "objects would not lie where the place's own images have them",
                id=f"{task} of transformed images",
            )
            for task in ("detection", "segmentation")
        ),
    ],
)
def test_a_run_that_cannot_predict_a_place_is_refused_before_any_work(place, changed, said):
    (file,) = (place / "runs").glob("*/run.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))
    for words in ((), ("--dry-run",)):
        called = predict(place, *words)
        assert called.code == 2
        assert said in called.err
    assert documents(store_of(place)) == {}


def test_a_program_is_asked_when_it_is_named(place, tmp_path):
    model = str(write_model(tmp_path / "means", "means", "classification"))
    trained = vidset("train", "v0", "--model", model, "--epochs", "1", "-p", place, "--json")
    assert trained.code == 0, trained.err
    run = trained.found["runs"][0]["output"].rsplit("/", 1)[1]
    refused = predict(place, run)
    assert (refused.code, "--model says where it is" in refused.err) == (2, True)
    called = predict(place, run, "--model", model, "--json")
    assert called.code == 0, called.err
    assert (called.found["predicted"], called.found["evaluation"]) == (11, 3)
    stored = documents(store_of(place)).values()
    assert {each["run"] for each in stored} == {run}
    assert all(each["objects"][0]["label"] in ("rain", "sun") for each in stored)
    again = predict(place, run, "--model", model, "--json").found
    assert (again["predicted"], again["done"]) == (0, 11)
    elsewhere = predict(place, run, "--model", model, "--all", "--dask", "tcp://127.0.0.1:1")
    assert (elsewhere.code, "asked on this machine" in elsewhere.err) == (2, True), elsewhere.err
    assert len(documents(store_of(place))) == 11


def test_a_place_without_runs_says_how_to_get_one(tmp_path):
    called = predict(make_output(tmp_path / "place", {"a.mp4": 3}))
    assert called.code == 2
    assert "there is no run that is done: vidset train makes one" in called.err


def test_predictions_are_a_table_and_a_view_of_the_warehouse(place):
    assert predict(place, "-q").code == 0
    query = (
        "SELECT count(*) AS n, count(annotation_state) AS labeled, "
        "min(len(predicted)) AS least FROM prelabels"
    )
    found = vidset("sql", query, "-p", place, "--json").found
    assert found["rows"] == [{"n": 11, "labeled": 0, "least": 1}]


@pytest.mark.emulator
def test_a_place_in_a_bucket_is_predicted_by_a_run_of_another_place(place, made, gcs, tmp_path):
    gcs.make_bucket("teams")
    bucket = open_store("gs://teams/roads")
    for folder in "images", "frames", "videos":
        for path in chain((made / folder).rglob("*.jpg"), (made / folder).rglob("*.parquet")):
            name = path.relative_to(made).as_posix()
            bucket.put(name, path.read_bytes(), "application/octet-stream")
    words = (
        *("--store", f"sqlite:{tmp_path}/labels.sqlite", "--workers", "1", "--json"),
        *("--template", f"{place}/template.yaml"),
    )
    found = predict("gs://teams/roads", str(place / "runs" / "v0-1"), *words).found
    # Nothing is labeled in this store; all of b.mp4 validates in the run's own place.
    assert (found["predicted"], found["evaluation"], found["failed"]) == (18, 5, 0)
    selected = vidset(
        *("select", "--budget", "3", "--strategy", "uncertain", "-p", "gs://teams/roads"),
        *("--run", place / "runs" / "v0-1", *words[:2], "--json"),
    )
    assert selected.code == 0, selected.err
    assert selected.found["strategies"] == {"uncertain": 3}
    shutil.rmtree(place / "datasets")
    refused = predict("gs://teams/roads", str(place / "runs" / "v0-1"), *words[:2])
    assert refused.code == 2
    assert "wanted a run in a place with its dataset versions" in refused.refusal
