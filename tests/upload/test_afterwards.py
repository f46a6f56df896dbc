"""What becomes of a recording that is uploaded, where that is not simple."""

import os
import resource
import tempfile
from pathlib import Path

import pytest

from vidset.upload.afterwards import PutAway, put_away
from vidset.upload.errors import UploadFailedError
from vidset.upload.mounts import Disks
from vidset.upload.settings import Place, Settings
from vidset.upload.source import Source


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "in" / "a.mp4"
    path.parent.mkdir()
    path.write_bytes(b"x" * 100_000)
    return path


@pytest.fixture
def other_disk(tmp_path):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        if os.stat(folder).st_dev == tmp_path.stat().st_dev:
            pytest.skip("there is no other disk")
        yield Path(folder)


def move(path: Path, moved_to: Path) -> None:
    place = Place("gs", "bucket")
    settings = Settings(place, "cam1", (path,), None, path.parent, moved_to=moved_to)
    with Source(path) as source:
        disks = Disks([moved_to], lambda _: None)
        done = put_away(source, settings, disks, source.digest(lambda _: None), is_verified=True)
    assert done == PutAway("moved")


def test_a_move_to_another_disk_moves(path, other_disk):
    data = path.read_bytes()
    move(path, other_disk)
    assert not path.exists()
    assert [(each.name, each.read_bytes()) for each in other_disk.iterdir()] == [("a.mp4", data)]


def test_a_disk_that_fills_leaves_the_recording_and_nothing_else(path, other_disk):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(UploadFailedError, match="is uploaded, but cannot be put away"):
            move(path, other_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.stat().st_size == 100_000
    assert list(other_disk.iterdir()) == []


def test_a_recording_that_cannot_be_taken_away_is_not_copied(path, other_disk):
    path.parent.chmod(0o555)
    other_disk.chmod(0o777)
    is_root = os.geteuid() == 0  # Who may write everywhere, but for what it says it really is.
    if is_root:
        os.setreuid(65534, 0)
    try:
        with pytest.raises(UploadFailedError, match="may not be written"):
            move(path, other_disk)
    finally:
        if is_root:
            os.setreuid(0, 0)
        path.parent.chmod(0o755)
    assert list(other_disk.iterdir()) == []


def test_a_recording_that_lies_there_stays_as_it_is(path):
    move(path, path.parent)
    assert list(path.parent.iterdir()) == [path]
