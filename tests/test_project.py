"""The place and its vidset.toml: how it is found, what is read, what is refused."""

import json
import os
import resource
import signal
from pathlib import Path

import pytest

from tests.cli.trees import tree
from vidset.project import NoPlaceError, Project, find_project, make_place
from vidset.project_file import KEYS, ProjectFileError, file_text, read_file


@pytest.fixture
def place(tmp_path) -> Path:
    folder = tmp_path / "roads"
    make_place(find_project(str(folder), environment={}, cwd=tmp_path, is_made=True))
    return folder


def test_a_place_is_found_from_any_folder_below_it(place):
    (place / "images" / "a").mkdir(parents=True)
    assert find_project(environment={}, cwd=place / "images" / "a").place == str(place)


def test_what_is_given_beats_the_variable_and_the_variable_beats_the_nearest_file(place, tmp_path):
    for name in "given", "told":
        (tmp_path / name).mkdir()
    told = {"VIDSET_PLACE": str(tmp_path / "told")}
    assert find_project("../given", environment=told, cwd=place).place == str(tmp_path / "given")
    assert find_project(environment=told, cwd=place).place == str(tmp_path / "told")
    assert find_project(environment={}, cwd=place).place == str(place)


def test_without_a_place_the_message_names_init(tmp_path):
    with pytest.raises(
        NoPlaceError, match=r"no place to work in: there is no vidset.toml"
    ) as found:
        find_project(environment={}, cwd=tmp_path)
    assert "vidset init" in found.value.hint


def test_a_place_that_is_not_there_gets_a_suggestion(place, tmp_path):
    with pytest.raises(NoPlaceError, match=r"roadz: there is no such place. Did you mean 'roads'"):
        find_project("roadz", environment={}, cwd=tmp_path)


def test_the_file_may_name_another_place_and_its_settings_hold_there(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "vidset.toml").write_text('place = "data"\nprice = 0.1\n')
    found = find_project(environment={}, cwd=tmp_path)
    assert (found.place, found.choose("price")) == (str(tmp_path / "data"), 0.1)
    by_name = find_project("data", environment={}, cwd=tmp_path)
    assert (by_name.file, by_name.choose("price")) == (tmp_path / "vidset.toml", 0.1)


def test_a_file_about_another_place_is_not_read_for_this_one(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "vidset.toml").write_text("price = 0.1\n")
    assert find_project("data", environment={}, cwd=tmp_path).settings == {}


def test_a_flag_beats_a_variable_beats_the_file(place):
    (place / "vidset.toml").write_text('vendor = "scale"\n')
    plain = find_project(environment={}, cwd=place)
    told = find_project(environment={"LABELING_VENDOR": "truth"}, cwd=place)
    assert plain.choose("vendor") == "scale"
    assert told.choose("vendor") == "truth"
    assert told.choose("vendor", "label-studio") == "label-studio"
    assert plain.choose("budget") is None


def test_paths_in_the_file_are_relative_to_it(place):
    (place / "vidset.toml").write_text(
        'store = "sqlite:l.sqlite"\ntemplate = "t.yaml"\nremote = "gs://b/x"\n'
    )
    found = find_project(environment={}, cwd=place)
    assert found.store == f"sqlite:{place}/l.sqlite"
    assert found.choose("template") == f"{place}/t.yaml"
    assert found.choose("remote") == "gs://b/x"


def test_without_settings_store_and_warehouse_lie_in_the_place(place):
    found = find_project(environment={}, cwd=place)
    assert found.store == f"sqlite:{place}/labels.sqlite"
    assert found.warehouse == f"{place}/warehouse"
    assert Project("s3://bucket/roads").store is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("vendro = 'x'", "unknown key 'vendro'. Did you mean 'vendor'?", id="key"),
        pytest.param("price = 'x'", "price: wanted a number such as 0.08, got 'x'", id="type"),
        pytest.param("price = true", "price: wanted a number such as 0.08, got True", id="truth"),
        pytest.param("extract = 1", r"extract: wanted a table \[extract\], got 1", id="table"),
        pytest.param("[extract]\nevry = 1", "unknown key 'extract.evry'. Did you mean", id="below"),
        pytest.param(
            "label_studio_token = 'x'",
            "secrets are not read from this file. Set the variable LABEL_STUDIO_TOKEN",
            id="secret",
        ),
        pytest.param("api_key = 'x'", "Set the variable SCALE_API_KEY", id="secret of a vendor"),
        pytest.param("store = 'x://u:pw@h/d'", "store: the uri holds a password", id="password"),
        pytest.param("price = ", "is not TOML", id="no TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_name_and_the_key(tmp_path, text, message):
    file = tmp_path / "vidset.toml"
    file.write_text(text)
    with pytest.raises(ProjectFileError, match=message) as found:
        read_file(file)
    assert str(file) in str(found.value)


def test_the_new_file_has_every_key_as_a_comment_and_reads_back_when_uncommented(tmp_path):
    file = tmp_path / "vidset.toml"
    file.write_text(file_text())
    assert read_file(file) == {}
    lines = [line.removeprefix("# ") for line in file_text().splitlines()[3:]]
    file.write_text("\n".join(lines))
    assert set(read_file(file)) == set(KEYS)


def test_values_are_written_so_that_they_read_back(tmp_path):
    file = tmp_path / "vidset.toml"
    file.write_text(file_text({"vendor": 'a "b" \\', "price": 0.5, "extract.workers": 2}))
    assert read_file(file) == {"vendor": 'a "b" \\', "price": 0.5, "extract.workers": 2}


def test_making_a_place_changes_nothing_that_is_there(place):
    (place / "vidset.toml").write_text("price = 1\n")
    before = (place / "vidset.json").read_bytes()
    make_place(find_project(str(place), environment={}, cwd=place))
    assert (place / "vidset.toml").read_text() == "price = 1\n"
    assert (place / "vidset.json").read_bytes() == before
    assert json.loads(before)["format"] == 1


@pytest.mark.parametrize("made", [(), ("vidset.json",)], ids=["new", "without its vidset.toml"])
def test_a_place_whose_making_was_killed_as_it_wrote_a_file_is_made_whole(place, tmp_path, made):
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in made:
        (killed / name).write_bytes((place / name).read_bytes())
    project = find_project(str(killed), environment={}, cwd=tmp_path)
    number = os.fork()
    if number == 0:
        # The first byte that the process writes to a file ends it.
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        make_place(project)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(number, 0)[1]) == signal.SIGXFSZ
    make_place(find_project(str(killed), environment={}, cwd=tmp_path))
    assert tree(killed) == tree(place)


def test_a_place_of_a_newer_vidset_is_refused(place):
    (place / "vidset.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="written by a newer vidset \\(format 99"):
        find_project(environment={}, cwd=place)


def test_a_file_is_no_place(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(NoPlaceError, match="wanted a folder to work in, got a file"):
        find_project("x", environment={}, cwd=tmp_path, is_made=True)


def test_a_command_names_the_place_only_where_it_would_not_be_found(place, tmp_path):
    found = find_project(str(place), environment={}, cwd=tmp_path)
    (place / "images").mkdir()
    assert found.command("vidset plan", place / "images") == "vidset plan"
    assert found.command("vidset plan", tmp_path) == "vidset plan -p roads"
    (tmp_path / "else").mkdir()
    assert found.command("vidset plan", tmp_path / "else") == f"vidset plan -p {place}"


@pytest.mark.parametrize("place", ["ftp://x", "gs://", "bq://p.d", "firestore://p"])
def test_a_uri_that_is_no_place_is_refused(place, tmp_path):
    with pytest.raises(NoPlaceError, match="wanted a place that is a folder, gs:// or s3://"):
        find_project(place, environment={}, cwd=tmp_path)


def test_a_bucket_is_a_place_and_no_folder(tmp_path):
    found = find_project("gs://bucket/roads/", environment={}, cwd=tmp_path, is_opened=False)
    assert found.below("images") == "gs://bucket/roads/images"
    with pytest.raises(ValueError, match="train works on a folder of this machine"):
        found.folder("train")
