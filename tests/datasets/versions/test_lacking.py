"""What is lost is found by folders, however many other files they hold."""

import os

import pytest

from vidset.datasets.versions.lacking import lacking


@pytest.fixture
def folder(tmp_path):
    for name in ("00/a.png", "00/b.png", "01/c.png", *(f"02/{n}.png" for n in range(40))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_files_that_are_gone_are_named_in_order(folder):
    (folder / "00" / "b.png").unlink()
    wanted = ["00/a.png", "00/b.png", "01/a.png", "01/c.png", "7f/a.png"]
    assert list(lacking(str(folder), wanted)) == ["00/b.png", "01/a.png", "7f/a.png"]


@pytest.mark.parametrize("number", [1, 30], ids=["few", "most"])
def test_a_folder_with_many_other_files_is_no_matter(folder, number):
    (folder / "02" / "0.png").unlink()
    wanted = [f"02/{n}.png" for n in range(number)]
    assert list(lacking(str(folder), wanted)) == ["02/0.png"]


def test_a_link_is_there_if_it_leads_to_something(folder):
    os.replace(folder / "01" / "c.png", folder / "moved.png")
    (folder / "01" / "c.png").symlink_to(folder / "moved.png")
    (folder / "01" / "d.png").symlink_to(folder / "nowhere.png")
    assert list(lacking(str(folder), ["01/c.png", "01/d.png"])) == ["01/d.png"]
