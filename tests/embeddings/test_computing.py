"""The images of a place are embedded once, whatever happens meanwhile."""

import shutil
from collections import deque
from pathlib import Path

import pytest

from vidset.embeddings.computing import embed_place
from vidset.embeddings.registry import open_embedder
from vidset.embeddings.store import EmbeddingStore
from vidset.engines.engine import Outcome, TaskError
from vidset.engines.tasks import UnfinishedError
from vidset.place_images import kept_images


class InThisProcess:
    """An engine without processes; some tasks raise at their first try."""

    cpu_seconds = 0.0
    capacity = 2

    def __init__(self, opens, failing=0, *, lasting=False):
        self._work, self._failing, self._lasting = opens(), failing, lasting
        self._waiting = deque()
        self.tasks = 0

    def submit(self, task):
        self._waiting.append(task)

    def next(self, timeout_seconds):
        task = self._waiting.popleft()
        self.tasks += 1
        if self.tasks <= self._failing:
            error = TaskError("the store is away", is_passing=not self._lasting)
            return Outcome(task, error=error)
        return Outcome(task, result=self._work(task, lambda _: None))

    def end(self):
        self._waiting.clear()


def starting(**options):
    return lambda number, opens, limits, report: InThisProcess(opens, **options)


@pytest.fixture
def place(drawn_place, tmp_path) -> str:
    shutil.copytree(drawn_place, tmp_path / "place")
    return str(tmp_path / "place")


def vectors_of(place):
    embedder = open_embedder()
    return EmbeddingStore(place, embedder.id, embedder.dimensions).read()


def test_images_are_embedded_by_worker_processes_and_only_once(place):
    told = []
    first = embed_place(place, progress=lambda *done: told.append(done))
    assert (first.embedder, first.images, first.new, first.failed) == ("classic-1", 7, 7, [])
    assert told[-1] == (7, 7)
    assert set(vectors_of(place).hashes) == {each.image_sha256 for each in kept_images(place)}
    again = embed_place(place, start_engine=lambda *_: pytest.fail("there is nothing to do"))
    assert (again.images, again.new) == (7, 0)


def test_an_image_that_cannot_be_read_is_named_and_the_others_are_done(place):
    gone, broken = sorted(each.image_uri for each in kept_images(place))[:2]
    names = [uri.rpartition("/images/")[2] for uri in (gone, broken)]
    Path(place, "images", names[0]).unlink()
    Path(place, "images", names[1]).write_bytes(b"no picture")
    done = embed_place(place, start_engine=starting())
    assert (done.images, done.new) == (7, 5)
    assert [uri for uri, _ in done.failed] == [gone, broken]
    assert "wanted a PNG" in done.failed[1][1]


def test_a_task_is_tried_once_more_when_a_store_was_away(place):
    assert embed_place(place, start_engine=starting(failing=1)).new == 7


@pytest.mark.parametrize("options", [{"failing": 2}, {"failing": 1, "lasting": True}])
def test_an_error_that_lasts_ends_the_run(place, options):
    with pytest.raises(UnfinishedError, match="the store is away"):
        embed_place(place, start_engine=starting(**options))


def test_what_is_done_is_kept_when_the_run_is_interrupted(place, monkeypatch):
    monkeypatch.setattr("vidset.embeddings.computing._AT_ONCE", 3)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_place(place, start_engine=starting(), progress=stop)
    embed_place(place, start_engine=starting())
    assert len(vectors_of(place)) == 7
