"""What a command may write to is decided before any work."""

from pathlib import Path

import pytest

from vidset.output import local_path, new_file, new_folder


@pytest.mark.parametrize("path", ["gs://bucket/file", "s3://bucket/file", Path("gs://bucket/file")])
def test_a_bucket_is_no_path_of_this_machine(path):
    with pytest.raises(ValueError, match=r"--chart .*: wanted a path on this machine"):
        local_path("--chart", path)


def test_a_file_that_exists_is_replaced_only_if_that_was_asked_for(tmp_path):
    file = tmp_path / "a.json"
    file.write_text("mine")
    with pytest.raises(ValueError, match=r"a\.json exists: --overwrite replaces it"):
        new_file("--output", file, overwrite=False)
    assert new_file("--output", file, overwrite=True) == file
    assert file.read_text() == "mine"


def test_the_folder_of_a_new_file_is_made(tmp_path):
    assert new_file("-o", tmp_path / "a" / "b.json", overwrite=False).parent.is_dir()


def test_a_folder_in_the_place_of_a_file_and_a_file_in_that_of_a_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="wanted a file, got a folder"):
        new_file("-o", tmp_path, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="wanted a folder, got a file"):
        new_folder("-o", tmp_path / "file", overwrite=True)
    with pytest.raises(ValueError, match=r"File exists|Not a directory"):
        new_file("-o", tmp_path / "file" / "below", overwrite=True)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    assert new_folder("-o", tmp_path, overwrite=False) == tmp_path
    (tmp_path / "mine").write_text("")
    with pytest.raises(ValueError, match="is not empty: --overwrite"):
        new_folder("-o", tmp_path, overwrite=False)
