"""Images are read by threads or processes, and decoded only where their bytes are new."""

import pytest

from tests.datasets.curation.test_create import SPLITS, make, rows
from tests.datasets.pictures import write_files
from vidset.datasets.curation import taking
from vidset.datasets.versions.repository import Repository
from vidset.engines.engine import TaskLostError
from vidset.engines.processes import Processes

BROKEN = {"val/dog/broken.png": b"no image"}


def only(number, work):
    """So many calls are allowed: what is more is done in another process, or not at all."""
    calls = iter(range(number))

    def counted(*told):
        assert next(calls, None) is not None
        return work(*told)

    return counted


@pytest.fixture
def folder(tmp_path):
    return write_files(tmp_path / "in", SPLITS | BROKEN)


@pytest.fixture
def by_threads(folder, tmp_path):
    """A version that no process has helped with."""
    return make(Repository(tmp_path / "threads"), folder, skip_faults=True)


def test_many_images_are_read_by_processes(repository, folder, by_threads, monkeypatch):
    monkeypatch.setattr(taking, "_FIRST", 2)
    monkeypatch.setattr(taking, "_take", only(2, taking._take))
    made = make(repository, folder, skip_faults=True)
    assert (made.id, made.faults) == (by_threads.id, by_threads.faults)
    assert made.measures.equals(by_threads.measures)
    assert len(rows(made, "image_uri")) == len(SPLITS)
    assert all(map(repository.read_image, made.images))


def test_what_a_process_dies_of_is_done_here(repository, folder, by_threads, monkeypatch):
    def die(*_):
        raise TaskLostError("its process was ended by SIGKILL")

    monkeypatch.setattr(taking, "_FIRST", 2)
    monkeypatch.setattr(Processes, "run", die)
    assert make(repository, folder, skip_faults=True).id == by_threads.id


def test_all_files_are_read_in_full_and_stored_again_where_they_are_damaged(
    repository, folder, monkeypatch
):
    made = make(repository, folder, skip_faults=True)
    damaged, gone, *_ = made.images
    files = [
        repository.image_path(each.image_sha256, each.image_format) for each in (damaged, gone)
    ]
    fresh = [path.read_bytes() for path in files]
    files[0].write_bytes(bytes(len(fresh[0])))
    files[1].unlink()
    monkeypatch.setattr(taking, "measure", only(1, taking.measure))  # That which is no image.
    again = make(repository, folder, skip_faults=True, is_full=True)
    assert (again.id, again.faults) == (made.id, made.faults)
    assert [path.read_bytes() for path in files] == fresh
