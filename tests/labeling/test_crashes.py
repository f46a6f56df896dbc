"""The function is killed at each boundary between two steps, and the event comes again."""

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.labeling.brokers import NOON, Clock, SteeredVendor, broker, image
from tests.labeling.functions import (
    SCALE_SECRET,
    binary_event,
    function,
    message,
    post,
    scale_settings,
)
from tests.labeling.vendors.scale.double import scale_double
from tests.labeling.vendors.scale.double_state import Completion
from vidset.labeling.dispatching import dispatch
from vidset.labeling.events import image_id
from vidset.labeling.stores.store import Query

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

DYING_MAIN = Path(__file__).with_name("dying_main.py")
TEMPLATE = "name: cars\nlabels: [{name: car}]\n"
DRAWN = {"type": "box", "label": "car", "left": 1, "top": 2, "width": 30, "height": 40, "uuid": "1"}
# More than a function has: the last ones are not reached, which ends the test.
MANY = 40
# Every third boundary is tried in `make test`, of every function with one store and of one with
# both; each boundary in `make chaos`.
_STORES = ("sqlite", "firestore")
_ALL = [pytest.param(store, 1, id=f"{store}-all", marks=pytest.mark.chaos) for store in _STORES]
_SOME = [pytest.param(store, 3, id=f"{store}-some") for store in _STORES]
with_both_stores = pytest.mark.parametrize(("place", "step"), [*_SOME, *_ALL], indirect=["place"])
with_one_store = pytest.mark.parametrize(
    ("place", "step"),
    [_SOME[0], pytest.param("firestore", 3, id="firestore-some", marks=pytest.mark.chaos), *_ALL],
    indirect=["place"],
)


@pytest.fixture
def place(request, tmp_path) -> str:
    """The store's uri."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/labels.sqlite"
    return f"firestore://{request.getfixturevalue('firestore').project}"


@pytest.fixture
def store(place):
    from vidset.labeling.stores.opening import open_store

    opened = open_store(place)
    yield opened
    opened.close()


def settings(folder: Path, place: str, scale_url: str) -> dict[str, str]:
    (folder / "template.yaml").write_text(TEMPLATE)
    return scale_settings(
        place,
        scale_url,
        "http://127.0.0.1:9",
        LABELING_TEMPLATE=str(folder / "template.yaml"),
        LABELING_LEASE_SECONDS="1",
        LABELING_BUDGET="1000 tasks",
        DIE_FILE=str(folder / "die"),
    )


def until_done(deliver: Callable[[], httpx.Response]) -> None:
    """Deliver as Pub/Sub and vendors do: again, until it is taken."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        try:
            if deliver().status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("not taken within ten minutes")


@with_both_stores
def test_request_labeling_killed_anywhere_ends_with_one_vendor_task(place, store, tmp_path, step):
    die, killed = tmp_path / "die", 0
    with (
        scale_double() as scale,
        function(
            "request_labeling", settings(tmp_path, place, scale.url), tmp_path, DYING_MAIN
        ) as running,
    ):
        for boundary in range(1, MANY, step):
            name = f"drive/1/{boundary:010d}.jpg"
            die.write_text(str(boundary))
            until_done(lambda name=name: post(running.url, binary_event(message(name))))
            [stored] = store.get(("tasks", image_id(f"images/{name}")))
            made = [one for one in scale.tasks() if one["unique_id"] == stored.id]
            assert [one["task_id"] for one in made] == [stored.document["vendor_task_id"]]
            assert stored.document["state"] == "dispatched"
            if die.exists():  # The event was done before it came to that.
                break
            killed += 1
        assert killed * step >= 8
        die.unlink()
        assert post(running.url, binary_event(message(name))).status_code == 200
        assert len(scale.tasks()) == killed + 1


@with_one_store
def test_receive_annotation_killed_anywhere_ends_with_one_annotation(place, store, tmp_path, step):
    die, killed = tmp_path / "die", 0
    environment = settings(tmp_path, place, "http://127.0.0.1:9")
    headers = {"scale-callback-auth": SCALE_SECRET}
    works = broker(store, SteeredVendor("scale"), Clock(NOON))
    with function("receive_annotation", environment, tmp_path, DYING_MAIN) as running:
        for boundary in range(1, MANY, step):
            of = image(f"drive/1/{boundary:010d}.jpg")
            dispatch(works, of)
            body = {
                "task_id": f"task-{boundary}",
                "status": "completed",
                "task": {
                    "task_id": f"task-{boundary}",
                    "type": "imageannotation",
                    "status": "completed",
                    "unique_id": of.id,
                    "completed_at": "2026-03-01T12:00:00.000Z",
                    "response": {"annotations": [DRAWN]},
                },
            }
            die.write_text(str(boundary))
            until_done(
                lambda body=body: httpx.post(running.url, json=body, headers=headers, timeout=600)
            )
            [stored] = store.get(("annotations", of.id))
            assert stored.document["revision"] == 1
            assert store.count(Query("answers", {"image_id": of.id})) == 1
            [task] = store.get(("tasks", of.id))
            assert task.document["state"] == "completed"
            if die.exists():
                break
            killed += 1
    assert killed * step >= 4
    assert die.exists()


@with_one_store
def test_reconcile_killed_anywhere_finds_each_lost_answer_once(place, store, tmp_path, step):
    die, killed = tmp_path / "die", 0
    with scale_double() as scale:
        environment = settings(tmp_path, place, scale.url) | {"LABELING_ANSWER_DEADLINE_HOURS": "0"}
        with (
            function("request_labeling", environment, tmp_path) as request,
            function("reconcile", environment, tmp_path, DYING_MAIN) as running,
        ):
            for boundary in range(1, MANY, step):
                name = f"drive-{uuid.uuid4().hex}/1/0000000000.jpg"
                until_done(lambda name=name: post(request.url, binary_event(message(name))))
                [stored] = store.get(("tasks", image_id(f"images/{name}")))
                lost = Completion(annotations=[DRAWN], callback="lose")
                scale.complete(stored.document["vendor_task_id"], lost)
                die.write_text(str(boundary))
                until_done(lambda: httpx.post(running.url, timeout=600))
                [annotation] = store.get(("annotations", stored.id))
                assert annotation.document["revision"] == 1
                if die.exists():
                    break
                killed += 1
                # What was read before is read again for ten minutes, which are over for it now:
                # each boundary is one of the newest answer, and in the end all have been.
                old = replace(lost, changes={"updated_at": "2020-01-01T00:00:00.000Z"})
                scale.complete(stored.document["vendor_task_id"], old)
    assert killed * step >= 4
    assert die.exists()
    assert store.count(Query("answers")) == store.count(Query("annotations")) == killed + 1
