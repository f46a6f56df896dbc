"""What once went wrong in silence, or was said wrongly, and what happens now."""

import pytest

from tests.cli.called import CLI, vidset
from vidset.cli.command import description_of
from vidset.cli.parts import part_of
from vidset.cli.results import commands_below

COMMANDS = dict(commands_below(CLI))


def test_a_pipeline_does_not_replace_a_file_of_the_users(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    image = f"registry/training@sha256:{'0' * 64}"
    refused = vidset("pipeline", "-o", file, "--image", image)
    assert (refused.code, file.read_text()) == (2, "mine")
    assert "--overwrite replaces it" in refused.refusal
    written = vidset("pipeline", "-o", file, "--image", image, "--overwrite")
    assert written.code == 0, written.err
    assert written.next is not None
    assert written.next.startswith(f"kfp run create -e vidset -f {file} ")


def test_a_backup_never_replaces_and_names_no_option_that_it_has_not(tmp_path):
    file = tmp_path / "there"
    file.write_text("mine")
    refused = vidset("backup", file, "-p", tmp_path)
    assert (refused.code, file.read_text()) == (2, "mine")
    assert refused.refusal == f"FILE {file} exists: name another file"


@pytest.mark.parametrize(
    ("command", "module", "part"),
    [
        pytest.param("export", "duckdb", "warehouse", id="export"),
        pytest.param("sql", "pyarrow", "warehouse", id="sql"),
        pytest.param("extract", "av", "extract", id="extract"),
        pytest.param("dataset create", "pyarrow", "dataset", id="dataset"),
        pytest.param("train", "torch", "train", id="train"),
        pytest.param("evaluate", "sklearn", "scores", id="evaluate"),
        pytest.param("label dispatch", "httpx", "label", id="label"),
        pytest.param("pipeline", "kfp", "pipelines", id="pipeline"),
    ],
)
def test_a_missing_package_names_the_part_that_brings_the_command(command, module, part):
    assert part_of(module, description_of(COMMANDS[command]).part) == part


def test_an_option_that_counts_once_is_not_taken_twice(tmp_path):
    (tmp_path / "vidset.toml").write_text("")
    called = vidset("export", "-f", "coco", "--format", "yolo", "-o", tmp_path / "x", "--json")
    assert called.code == 2
    message = called.found["error"]["message"]
    assert message == "--format / -f is given 2 times, wanted once"
    assert not (tmp_path / "x").exists()


def test_versions_are_found_from_any_folder_below_the_place(tmp_path, monkeypatch):
    (tmp_path / "vidset.toml").write_text("")
    deep = tmp_path / "notes" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    called = vidset("dataset", "list", "--json")
    assert called.found["place"] == str(tmp_path)
    assert not (deep / "datasets").exists()


def test_an_empty_quarantine_is_an_object(tmp_path, monkeypatch):
    (tmp_path / "vidset.toml").write_text("")
    (tmp_path / "videos").mkdir()
    found = vidset("label", "quarantine", "-p", tmp_path, "--json").found
    assert (found["entries"], found["place"]) == ([], str(tmp_path))


def test_what_stands_below_a_table_of_vidset_toml_by_mistake_is_named(tmp_path):
    (tmp_path / "vidset.toml").write_text('[extract]\nevery = 1\nvendor = "scale"\n')
    refused = vidset("status", tmp_path)
    assert refused.code == 2
    assert "vendor stands below [extract]. Move it to the top of the file" in refused.refusal


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("plan", "--price", "cheap"), "wanted a number, got 'cheap'", id="number"),
        pytest.param(("train", "--epochs=0"), "wanted 1 or more, got '0'", id="range"),
        pytest.param(("completion", "zhs"), "Did you mean 'zsh'?", id="choice"),
        pytest.param(
            ("label", "dispatch", "--vendor", "truht"), "Did you mean 'truth'?", id="name"
        ),
        pytest.param(
            ("dataset", "show", "v00"), "has no version 'v00'; it has: none", id="version"
        ),
        pytest.param(("compare", "a", "vs", "b"), "unknown run or version 'a'", id="run"),
        pytest.param(("review",), "there is no such file of decisions", id="decisions"),
        pytest.param(("extract", "../placf"), "Did you mean 'place'?", id="input"),
        pytest.param(
            ("restore", "no.sqlite"), "FILE no.sqlite: there is no such file", id="backup"
        ),
    ],
)
def test_a_mistake_is_named_with_what_was_wanted(words, said, tmp_path, monkeypatch):
    place = tmp_path / "place"
    (place / "videos").mkdir(parents=True)
    (place / "vidset.toml").write_text("")
    monkeypatch.chdir(place)
    called = vidset(*words)
    assert called.code == 2
    assert said in called.refusal
