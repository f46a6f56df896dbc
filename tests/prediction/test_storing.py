"""Predictions are stored once, whoever else writes, and take nobody's place who was shown."""

from datetime import timedelta
from typing import Any

import pytest

from tests.labeling.brokers import NOON, SteeredVendor, broker, car, image
from vidset.labeling.dispatching import dispatch
from vidset.labeling.prelabels import id_beside
from vidset.labeling.stores.store import ConflictError, Query, Store, Write
from vidset.local_labeling.pre_labels import compare_pre_labels
from vidset.prediction.storing import done_by, store_predictions

ONE, TWO = "1" * 32, "2" * 32


def document(name: str, run_id: str = ONE, objects: tuple = (), **more: Any) -> dict[str, Any]:
    return {
        "image_id": name,
        "objects": [each.to_document() for each in objects],
        "source": "vidset predict",
        "run": f"run-{run_id[0]}",
        "run_id": run_id,
        "sent_at": None,
        "written_at": NOON,
        **more,
    }


def runs_in(store: Store) -> dict[str, str | None]:
    return {each.id: each.document.get("run_id") for each in store.find(Query("predictions"))}


def names(number: int) -> list[str]:
    return [f"{at:032x}" for at in range(number)]


def test_again_it_changes_nothing(store):
    wanted = [document(name) for name in names(45)]
    store_predictions(store, wanted)
    before = {each.id: each.version for each in store.find(Query("predictions"))}
    store_predictions(store, [{**each, "objects": [{}]} for each in wanted])
    assert {each.id: each.version for each in store.find(Query("predictions"))} == before
    assert list(done_by(store, names(46), ONE)) == [True] * 45 + [False]
    assert not any(done_by(store, names(45), TWO))


def test_a_later_run_takes_the_place_of_what_nobody_was_shown(store):
    store_predictions(store, [document(names(1)[0])])
    store_predictions(store, [document(names(1)[0], TWO)])
    assert runs_in(store) == {names(1)[0]: TWO}


def test_a_persons_predictions_stay_and_a_run_stands_beside(store):
    name = names(1)[0]
    imported = {"image_id": name, "objects": [], "source": "Ada", "written_at": NOON}
    store.commit([Write("predictions", name, imported)])
    store_predictions(store, [document(name)])
    assert runs_in(store) == {name: None, id_beside(name, ONE): ONE}
    assert list(done_by(store, [name], ONE)) == [True]


def test_what_was_sent_stays_and_a_later_run_stands_beside(store, clock):
    works, vendor = working(store, clock)
    store_predictions(store, [document(image().id, objects=(car(),))])
    assert dispatch(works, image()) == "dispatched"
    assert vendor.requests[0].predictions == (car(),)
    store_predictions(store, [document(image().id, TWO)])
    assert runs_in(store) == {image().id: ONE, id_beside(image().id, TWO): TWO}
    [sent] = store.get(("predictions", image().id))
    assert sent is not None
    assert sent.document["sent_at"]


def working(store: Store, clock: Any):
    vendor = SteeredVendor()
    return broker(store, vendor, clock), vendor


class Breaking:
    """A store that dies at its nth commit, before or after it."""

    def __init__(self, store: Store, at: int, *, after: bool):
        self._store, self._left, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, writes):
        self._left -= 1
        if self._left == 0 and not self._after:
            raise KeyboardInterrupt
        done = self._store.commit(writes)
        if self._left == 0:
            raise KeyboardInterrupt
        return done


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_whoever_dies_between_two_batches_leaves_whole_ones(store, at, after):
    wanted = [document(name) for name in names(45)]
    with pytest.raises(KeyboardInterrupt):
        store_predictions(Breaking(store, at, after=after), wanted)  # type: ignore[arg-type]
    stored = sum(done_by(store, names(45), ONE))
    assert stored == min(20 * (at - 1 + after), 45)
    store_predictions(store, wanted)
    assert all(done_by(store, names(45), ONE))
    assert len(runs_in(store)) == 45


class Racing:
    """A store in which another process writes first, at the first commit."""

    def __init__(self, store: Store, other: dict[str, Any]):
        self._store, self._other = store, other

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, writes):
        if self._other:
            other, self._other = self._other, {}
            self._store.commit([Write("predictions", other["image_id"], other)])
        return self._store.commit(writes)


@pytest.mark.parametrize("run_id", [ONE, TWO])
def test_two_at_once_store_each_image_once(store, run_id):
    wanted = [document(name) for name in names(3)]
    other = document(names(2)[1], run_id, written_at=NOON + timedelta(seconds=1))
    store_predictions(Racing(store, other), wanted)  # type: ignore[arg-type]
    assert runs_in(store) == dict.fromkeys(names(3), ONE)


def test_a_conflict_is_an_error_of_the_store_and_not_of_the_predictions(store):
    store.commit([Write("predictions", "a", document("a"))])
    with pytest.raises(ConflictError):
        store.commit([Write("predictions", "a", document("a"))])


def test_nothing_was_sent_so_nothing_is_compared(store):
    store_predictions(store, [document(name) for name in names(2)])
    assert compare_pre_labels(store) == []
