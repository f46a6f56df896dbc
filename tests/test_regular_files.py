"""Neither pipes nor devices are read where a file is wanted."""

import os
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.datasets.rows import encoded, scene
from vidset.json_files import read_json
from vidset.regular_files import read_regular, read_regular_text
from vidset.storage.folder import FolderStore
from vidset.yaml_files import read_yaml

pytestmark = pytest.mark.attack
NO_FILE = "wanted a regular file, got a pipe or device"


@pytest.fixture(params=["pipe", "link to a device"])
def endless(request, tmp_path) -> Path:
    path = tmp_path / "endless.json"
    if request.param == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    return path


def test_what_has_no_end_is_refused(endless):
    with pytest.raises(OSError, match=NO_FILE):
        read_regular(endless)
    with pytest.raises(OSError, match=NO_FILE):
        FolderStore(str(endless.parent)).read(endless.name)
    for read in read_json, read_yaml:
        with pytest.raises(ValueError, match=f"{endless}: wanted labels in .*{NO_FILE}"):
            read(endless, "labels")


def test_a_text_that_is_no_utf8_is_named(tmp_path):
    (tmp_path / "names.jsonl").write_bytes(b"a\nb\x94")
    wanted = f"{tmp_path / 'names.jsonl'}: wanted a text in UTF-8, got byte 0x94 at 3"
    with pytest.raises(ValueError, match=wanted):
        read_regular_text(tmp_path / "names.jsonl")


def test_a_file_of_too_many_bytes_is_not_read(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="wanted at most 500 bytes, got 1,099,511,627,776"):
        read_regular(tmp_path / "a", 500)
    (tmp_path / "b").write_bytes(b"12345")
    assert read_regular(tmp_path / "b", 5) == b"12345"


def test_folders_and_missing_files_are_told_apart(tmp_path):
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none")


def test_a_dataset_of_folders_names_what_is_no_file(tmp_path, monkeypatch):
    folder = tmp_path / "images" / "train" / "a"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(encoded(scene(1)))
    os.mkfifo(folder / "2.png")
    (folder / "3.png").symlink_to("/dev/zero")
    (tmp_path / "vidset.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    made = vidset("dataset", "create", folder.parents[1], "--shares", "train=1")
    assert made.code == 1
    assert made.err.count(NO_FILE) == 2
    assert "2.png" in made.err
    assert "3.png" in made.err
