"""A long video over several nodes of an engine: the same bytes, whatever becomes of its parts."""

import time
from collections import deque

import pytest

from tests.cli.called import vidset
from tests.cli.trees import tree
from tests.drawing import write_video
from vidset.elements import Upload
from vidset.engines.engine import Outcome, TaskError, TaskLostError
from vidset.errors import BadInputError, ExtractionError
from vidset.intake import splitting
from vidset.intake.request import Request
from vidset.intake.run import extract
from vidset.intake.splitting import Splitting
from vidset.intake.tasks import DecodePart, Join, PlanParts
from vidset.spread import sharing
from vidset.spread.shared import Shared
from vidset.storage.folder import FolderStore


class Nodes:
    """An engine of three nodes, which do their tasks one after the other, here.

    Args:
        spoil: called with each task before it is done; what it returns is the task's error.
    """

    capacity, cpu_seconds = 6, 0.0

    def __init__(self, opens, spoil):
        self._works, self._spoil, self._tasks = [opens() for _ in range(3)], spoil, deque()
        self.done: list[object] = []

    def submit(self, task):
        self._tasks.append(task)

    def next(self, timeout_seconds):
        task = self._tasks.popleft()
        self.done.append(task)
        if error := self._spoil(task):
            return Outcome(task, error=error)
        try:
            return Outcome(task, self._works[len(self.done) % 3](task, lambda _: None))
        except BadInputError as error:
            return Outcome(task, error=TaskError(str(error)))

    def end(self):
        self._tasks.clear()


@pytest.fixture
def long(tmp_path, monkeypatch):
    """A video that is long enough: 150 samples, with keyframes."""
    monkeypatch.setattr(splitting, "MIN_BYTES", 1000)
    monkeypatch.setattr(sharing, "MIN_SAMPLES", 20)
    monkeypatch.setattr(sharing, "_SAMPLES_EACH", 4)
    scenes = [number // 2 for number in range(60)]
    return write_video(tmp_path / "in" / "long.mp4", scenes=scenes, size=(160, 120))


def by_nodes(long, place, spoil=lambda task: None):
    """Extract on nodes. Returns the engine and the summary."""
    started = []

    def start(workers, opens, limits, report):
        started.append(Nodes(opens, spoil))
        return started[0]

    request = Request((str(long.parent),), str(place), workers=1)
    summary = extract(request, start_engine=start, is_elsewhere=True)
    return started[0], summary


def extracted(place) -> dict[str, str]:
    """The files of a place, by their digests, but for those that say what the place is."""
    about = ("vidset.json", "vidset.toml")
    return {name: digest for name, digest in tree(place).items() if name not in about}


@pytest.fixture
def whole(long, tmp_path):
    """The files of a local run, whose place is then cleared."""
    place = tmp_path / "roads"
    assert vidset("extract", long.parent, "-o", place, "--workers", 1).code == 0
    found = extracted(place)
    for path in [each for each in place.rglob("*") if each.is_file()]:
        path.unlink()
    return found


def kinds(engine) -> list[type]:
    return [type(task) for task in engine.done]


def test_several_nodes_give_the_bytes_of_a_local_run(long, whole, tmp_path):
    place = tmp_path / "roads"
    engine, summary = by_nodes(long, place)
    assert kinds(engine) == [PlanParts, DecodePart, DecodePart, DecodePart, Join]
    assert (summary.videos, summary.done, summary.samples) == (1, 1, 60)
    assert extracted(place) == whole
    assert not (place / ".cache" / "parts").exists()
    assert not [each for each in place.rglob("*") if each.name == ".partial"]
    assert not [task for task in engine.done if task.shared.token in repr(task)]


def test_most_of_it_is_decoded_by_the_parts(long, whole, tmp_path, monkeypatch):
    """Else the test above would compare a thing with itself."""
    mine: list[object] = []
    joined = sharing.open_helper

    def spoil(task):
        if isinstance(task, Join):
            monkeypatch.setattr(sharing, "open_helper", lambda *given: mine.append(given))

    by_nodes(long, tmp_path / "roads", spoil)
    assert mine == []
    assert sharing.open_helper is not joined


@pytest.mark.parametrize(
    "error",
    [TaskLostError("its process was ended"), TaskError("the store is away")],
    ids=["lost", "raised"],
)
def test_parts_that_fail_are_decoded_by_whoever_takes_the_video_in(long, whole, tmp_path, error):
    place = tmp_path / "roads"

    def spoil(task):
        return error if isinstance(task, DecodePart) and task.part == 1 else None

    engine, summary = by_nodes(long, place, spoil)
    assert kinds(engine)[-1] is Join
    assert (summary.done, summary.failed) == (1, 0)
    assert extracted(place) == whole


def test_what_others_have_put_there_is_passed_over(long, whole, tmp_path):
    place = tmp_path / "roads"

    def spoil(task):
        if isinstance(task, Join):
            shared = Shared(task.shared.place, task.shared.folder, "another")
            shared.put("000001", ([], None))

    _, summary = by_nodes(long, place, spoil)
    assert summary.done == 1
    assert extracted(place) == whole


def test_a_video_that_changes_meanwhile_is_decoded_as_it_is_then(long, tmp_path):
    place = tmp_path / "roads"

    def spoil(task):
        if isinstance(task, Join):
            write_video(long, scenes=range(100, 130), size=(160, 120))

    _, summary = by_nodes(long, place, spoil)
    found = extracted(place)
    for path in [each for each in place.rglob("*") if each.is_file()]:
        path.unlink()
    assert vidset("extract", long.parent, "-o", place, "--workers", 1).code == 0
    assert summary.samples == 30
    assert extracted(place) == found


def test_a_place_where_nothing_may_be_deleted_keeps_the_parts(long, tmp_path, monkeypatch):
    def refused(store, name):
        raise PermissionError(f"{name}: delete is not among your rights")

    monkeypatch.setattr(FolderStore, "delete", refused)
    _, summary = by_nodes(long, tmp_path / "roads")
    assert (summary.done, summary.failed) == (1, 0)
    old = Shared(str(tmp_path / "roads"), ".cache/parts/1-a/1/", "token")
    old.put("000001", None)
    Splitting(str(tmp_path / "roads"))


def test_what_a_killed_run_has_left_is_cleared_after_two_weeks(tmp_path):
    then = int(time.time()) - 15 * 24 * 3600
    for made_at in then, then + 2 * 24 * 3600:
        Shared(str(tmp_path), f".cache/parts/{made_at}-a/1/", "token").put("000001", None)
    Splitting(str(tmp_path))
    left = [each.name for each in (tmp_path / ".cache" / "parts").iterdir()]
    assert left == [f"{then + 2 * 24 * 3600}-a"]


@pytest.mark.parametrize(
    ("size", "is_split"), [(63 << 20, False), (8 << 30, True), ((8 << 30) + 1, False)]
)
def test_what_is_too_large_for_one_machine_to_copy_is_not_decoded_twice(tmp_path, size, is_split):
    upload = Upload("s3://uploads/a.mp4", "a.mp4", "0123", size_bytes=size)
    assert (Splitting(str(tmp_path)).begin(upload, 3) is not None) == is_split


def test_a_store_that_fails_for_good_is_not_asked_to_clear_as_well(long, tmp_path, monkeypatch):
    def spoil(task):
        if isinstance(task, Join):
            monkeypatch.setattr(Splitting, "end", lambda splitting: pytest.fail("asked"))
            return TaskError("the store is away", is_passing=False)
        return None

    with pytest.raises(ExtractionError, match="the store is away"):
        by_nodes(long, tmp_path / "roads", spoil)


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b""], ids=["no video", "empty"])
def test_what_cannot_be_planned_is_taken_in_as_it_is(long, tmp_path, content):
    long.write_bytes(content)
    engine, summary = by_nodes(long, tmp_path / "roads")
    assert (summary.failed, DecodePart in kinds(engine)) == (1, False)


def test_a_video_that_is_done_or_short_goes_to_one_node(long, tmp_path, monkeypatch):
    place = tmp_path / "roads"
    by_nodes(long, place)
    (place / ".cache" / "inputs.parquet").unlink(missing_ok=True)
    engine, summary = by_nodes(long, place)
    assert (summary.skipped, DecodePart in kinds(engine)) == (1, False)
    monkeypatch.setattr(sharing, "MIN_SAMPLES", 1000)
    engine, summary = by_nodes(long, tmp_path / "others")
    assert (summary.done, DecodePart in kinds(engine)) == (1, False)


def test_a_video_whose_parts_would_not_fit_into_memory_goes_to_one_node(
    long, whole, tmp_path, monkeypatch
):
    """Fewer pixels than a part of it has: its keyframes are too far from each other."""
    monkeypatch.setattr(sharing, "_MOST_PIXELS", 3 * 160 * 120)
    engine, _ = by_nodes(long, tmp_path / "roads")
    assert DecodePart not in kinds(engine)
    assert extracted(tmp_path / "roads") == whole
