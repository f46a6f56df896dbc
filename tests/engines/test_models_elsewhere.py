"""`vidset predict`, `duplicates` and `select` on an engine that another package adds."""

import shutil

import pytest

from tests.cli.called import vidset
from tests.cli.predict.places import make_place
from tests.cli.trees import tree
from tests.engines.test_added_engine import toy
from tests.prediction.predicted import documents, store_of

__all__ = ["toy"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_place(tmp_path_factory.mktemp("made") / "place")


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = shutil.copytree(made, tmp_path / "place")
    (place / "vidset.toml").write_text(f'template = "{place}/template.yaml"\nengine = "toy"\n')
    shutil.rmtree(place / "embeddings")
    return place


def test_what_an_engine_predicts_this_machine_stores_once(toy, place, monkeypatch):
    monkeypatch.setattr("vidset.prediction.predicting.CHUNK", 3)
    found = vidset("predict", "-p", place, "--limit", "5", "--json").found
    assert (found["predicted"], found["objects"], found["failed"]) == (5, 5, 0)
    assert len(documents(store_of(place))) == 5
    # A flag beats vidset.toml: the rest is done by this machine.
    rest = vidset("predict", "-p", place, "--engine", "local", "--json").found
    assert (rest["done"], rest["predicted"]) == (5, 6)
    assert vidset("predict", "-p", place, "--json").found["done"] == 11
    assert not (place / ".cache" / "probes").exists()


def test_parts_of_embeddings_do_not_depend_on_who_is_done_first(toy, place, monkeypatch):
    monkeypatch.setattr("vidset.embeddings.computing._AT_ONCE", 2)
    monkeypatch.setattr("vidset.embeddings.computing._BATCHES_OF_PART", 2)
    words = ("duplicates", "-p", place, "--json")
    local = vidset(*words, "--engine", "local")
    whole = tree(place / "embeddings")
    assert len(whole) > 2
    shutil.rmtree(place / "embeddings")
    assert vidset(*words).found == local.found
    assert tree(place / "embeddings") == whole


def test_select_embeds_on_the_engine_as_well(toy, place, monkeypatch):
    found = vidset("select", "--budget", "3", "-p", place, "--json").found
    assert len(found["images"]) == 3
    assert tree(place / "embeddings")
    refused = vidset("select", "--budget", "3", "-p", place, "--engine", "dusk")
    assert refused.code == 2
    assert "engine: wanted one of dask, local, toy, got 'dusk'" in refused.refusal


def test_shards_embed_each_image_once_and_list_nothing(place):
    words = ("duplicates", "-p", place, "--engine", "local", "--json")
    parts = [vidset(*words, "--shard", f"{number}/3").found for number in (1, 2, 3)]
    assert sum(each["images"] for each in parts) == sum(each["new"] for each in parts) == 23
    assert all(each["duplicates"] is each["clusters"] is each["cost"] is None for each in parts)
    found = vidset(*words).found
    assert (found["images"], found["new"], found["clusters"]) == (23, 0, [])
    said = vidset("duplicates", "-p", place, "--shard", "1/3", "--engine", "local").out
    assert "not looked for: without --shard the same command does" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("--shard", "4/3"), "--shard 4/3: wanted a shard from 1 to 3", id="no such"),
        pytest.param(("--shard", "auto"), "--shard auto: wanted the variable", id="no system"),
        pytest.param(("--shard", "1/3", "-o", "c.parquet"), "--shard lists nothing", id="a file"),
    ],
)
def test_shards_that_cannot_be_are_refused_before_any_work(place, words, said):
    called = vidset("duplicates", "-p", place, *words)
    assert (called.code, said in called.refusal) == (2, True)
    assert not (place / "embeddings").exists()
