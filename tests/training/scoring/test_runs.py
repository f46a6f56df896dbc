import pytest

from tests.training.scoring.runs import classified, make_run, make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.runs import Runs


@pytest.fixture
def place(tmp_path):
    """A version `v0` with two runs that are done, and one that is not."""
    manifest = make_version(tmp_path / "datasets", [{"uri": "0.png", "label": "a"}])
    Repository(tmp_path / "datasets").name_version("v0", manifest.id)
    table = classified(manifest, "validation", ["a", "b"], {})
    for seed, state in (1, "done"), (2, "done"), (3, "running"):
        given = {
            "seed": seed,
            "state": state,
            "created_at": f"2026-01-0{seed}",
            "classes": ["a", "b"],
        }
        folder = tmp_path / "runs" / f"v0-{seed}"
        make_run(folder, manifest, {"validation": {1: table}}, **given)
    return tmp_path


def test_the_newest_run_is_the_last_one_that_is_done(place):
    assert Runs(place / "runs").newest().name == "v0-2"
    with pytest.raises(DatasetError, match="there is no run that is done"):
        Runs(place / "elsewhere").newest()


def test_a_run_is_found_by_its_name_and_by_its_path(place):
    runs = Runs(place / "runs")
    assert (
        runs.folder("v0-1") == runs.folder(str(place / "runs" / "v0-1")) == place / "runs" / "v0-1"
    )
    with pytest.raises(DatasetError, match=r"unknown run 'v0-11'\. Did you mean 'v0-1'"):
        runs.folder("v0-11")
    with pytest.raises(DatasetError, match=r"but it has no run\.json"):
        runs.folder(str(place / "datasets"))


def test_a_version_stands_for_all_its_runs_that_are_done(place):
    runs, repository = Runs(place / "runs"), Repository(place / "datasets")
    assert [run.seed for run in runs.side(["v0"], repository)] == [1, 2]
    assert [run.seed for run in runs.side(["v0-2", "v0-1"], repository)] == [2, 1]
    with pytest.raises(DatasetError, match="unknown run or version 'v9'"):
        runs.side(["v9"], repository)


def test_a_version_without_runs_says_how_to_train_it(place):
    repository = Repository(place / "datasets")
    other = make_version(place / "datasets", [{"uri": "9.png", "label": "b", "number": 9}])
    repository.name_version("v1", other.id)
    with pytest.raises(DatasetError, match="vidset train v1 --seeds 1-3"):
        Runs(place / "runs").side(["v1"], repository)
