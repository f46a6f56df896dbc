"""`vidset label quarantine`: what could not be used, shown, and read again after a correction."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.labels import label, make_output
from vidset.labeling.broker import open_broker
from vidset.labeling.quarantine import OPEN, quarantine, read_payload, resolve
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query, Write
from vidset.labeling.task import Task
from vidset.labeling.timestamps import now
from vidset.labeling.vendors.label_studio import answers as label_studio_answers
from vidset.labeling.vendors.scale import answers as scale_answers
from vidset.labeling.vendors.truth import answers as truth
from vidset.place import Place

TRUCKS = "name: x\nlabels: [{name: car}, {name: tractor}]\n"


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 3})


@pytest.fixture
def broker(out):
    """With a dispatched task for each image."""
    place = Place.of(str(out))
    broker = open_broker(place.settings("inspect"))
    for image in place.images():
        task = Task.requested(image, "truth", now()).changed(state="dispatched")
        broker.store.commit([Write("tasks", image.id, task.to_document())])
    return broker


def answer(image_id: str, name: str = "tractor", *, label_id: str = "1") -> dict:
    drawn = {"id": label_id, "label": name, "type": "box"}
    drawn["box"] = {"x": 4, "y": 5, "width": 20, "height": 10}
    return {
        "image_id": image_id,
        "annotation_id": "t-1",
        "annotator": "ann",
        "updated_at": "2026-01-01T00:00:00Z",
        "objects": [drawn],
    }


def deliver(broker, body: dict) -> None:
    [report] = truth.read_callback(body)
    receive(broker, Delivery("truth", report, json.dumps(body).encode()))


def image_ids(broker) -> list[str]:
    return [stored.id for stored in broker.store.find(Query("tasks"))]


def test_quarantine_lists_what_came_and_why_and_shows_one(out, broker):
    image_id, _ = image_ids(broker)
    deliver(broker, answer(image_id))
    ended = label("quarantine", "-p", out)
    name, *rest = ended.out.split()
    assert rest[2] == "truth"
    assert "wanted a label of car, truck" in ended.out
    assert ended.out.endswith("1 in quarantine\n")
    [listed] = label("quarantine", "-p", out, "--json").found["entries"]
    assert (listed["name"], listed["image_id"], listed["vendor"]) == (name, image_id, "truth")
    assert rest[3] == listed["image_uri"]
    assert Path(listed["image_uri"]).is_file()
    shown = label("quarantine", "-p", out, name, "--json").found
    assert json.loads(shown["payload"]) == answer(image_id)
    assert label("status", "-p", out, "--json").found["quarantine"] == 1


def test_replay_after_a_correction_stores_the_answer_and_takes_it_off_the_list(
    out, broker, tmp_path
):
    image_id, other_id = image_ids(broker)
    deliver(broker, answer(image_id))
    deliver(broker, answer(other_id, "unicorn"))
    template = tmp_path / "template.yaml"
    template.write_text(TRUCKS)
    ended = label("quarantine", "-p", out, "--replay", "--template", template, "--json")
    assert ended.code == 1
    assert (ended.found["resolved"], ended.found["left"]) == (1, 1)
    [left] = label("quarantine", "-p", out, "--json").found["entries"]
    assert left["image_id"] == other_id
    # Why it is left, as of now.
    assert "wanted a label of car, tractor, got 'unicorn'" in left["reason"]
    [stored] = broker.store.find(Query("annotations"))
    assert (stored.id, stored.document["objects"][0]["label"]) == (image_id, "tractor")
    [task] = broker.store.get(("tasks", image_id))
    assert task is not None
    assert task.document["state"] == "completed"


def test_of_two_answers_in_one_payload_each_is_an_entry_of_its_own(out, broker, tmp_path):
    """As Label Studio sends them when many are made at once."""
    [image_id, _] = image_ids(broker)
    tractor, unicorn = (
        truth.read_callback(answer(image_id, name) | {"annotation_id": name})[0].answers[0]
        for name in ("tractor", "unicorn")
    )
    both = replace(truth.read_callback(answer(image_id))[0], answers=(tractor, unicorn))
    receive(broker, Delivery("truth", both, json.dumps(answer(image_id)).encode()))
    assert len(label("quarantine", "-p", out, "--json").found["entries"]) == 2


def test_replay_of_one_leaves_the_others(out, broker, tmp_path):
    for image_id in image_ids(broker):
        deliver(broker, answer(image_id))
    template = tmp_path / "template.yaml"
    template.write_text(TRUCKS)
    first, second = (
        each["name"] for each in label("quarantine", "-p", out, "--json").found["entries"]
    )
    ended = label("quarantine", "-p", out, first, "--replay", "--template", template)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "1 resolved, 0 left")
    assert [each["name"] for each in label("quarantine", "-p", out, "--json").found["entries"]] == [
        second
    ]
    assert label("quarantine", "-p", out, first, "--replay").code == 0  # Stored already.


def test_what_was_resolved_and_comes_again_and_fails_again_is_listed_again(broker):
    known = {"vendor": "truth", "image_id": None, "now": now()}
    assert quarantine(broker.store, b"x", reason="first", **known)
    [stored] = broker.store.find(Query("quarantine", OPEN))
    resolve(broker.store, stored.id, now())
    assert broker.store.count(Query("quarantine", OPEN)) == 0
    assert not quarantine(broker.store, b"x", reason="second", **known)
    [stored] = broker.store.find(Query("quarantine", OPEN))
    assert stored.document["reason"] == "second"
    assert read_payload(broker.store, stored.id) == b"x"


def test_parts_of_a_long_payload_are_no_entries(out, broker):
    known = {"vendor": "truth", "image_id": None, "now": now()}
    quarantine(broker.store, b"[" * 2_000_000, reason="no JSON", **known)
    [listed] = label("quarantine", "-p", out, "--json").found["entries"]
    assert listed["size_bytes"] == 2_000_000
    ended = label("quarantine", "-p", out, "--replay")
    assert (ended.code, ended.out.splitlines()[-1]) == (1, "0 resolved, 1 left")


def test_dismiss_takes_off_what_holds_no_answer(out, broker):
    known = {"vendor": "truth", "image_id": None, "now": now()}
    quarantine(broker.store, b"nonsense", reason="no JSON", **known)
    [listed] = label("quarantine", "-p", out, "--json").found["entries"]
    assert label("quarantine", "-p", out, listed["name"], "--dismiss").code == 0
    assert label("quarantine", "-p", out, "--json").found["entries"] == []
    # It can be looked at still.
    assert label("quarantine", "-p", out, listed["name"], "--json").found["payload"] == "nonsense"


def label_studio_task(image_id: str) -> dict:
    value = {"x": 10, "y": 10, "width": 50, "height": 50, "rotation": 0}
    drawn = {
        "id": "r1",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 64,
        "original_height": 48,
        "value": value | {"rectanglelabels": ["tractor"]},
    }
    annotation = {
        "id": 7,
        "result": [drawn],
        "was_cancelled": False,
        "updated_at": "2026-01-01T00:00:00Z",
        "completed_by": 1,
    }
    return {"id": 3, "data": {"image_id": image_id}, "annotations": [annotation]}


def scale_task(image_id: str) -> dict:
    drawn = {"type": "box", "label": "tractor", "uuid": "u1"}
    return {
        "task_id": "s-1",
        "type": "imageannotation",
        "status": "completed",
        "unique_id": image_id,
        "completed_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "response": {"annotations": [drawn | {"left": 4, "top": 5, "width": 20, "height": 10}]},
    }


@pytest.mark.parametrize(
    ("vendor", "read", "task"),
    [
        pytest.param("label-studio", label_studio_answers.read_task, label_studio_task, id="ls"),
        pytest.param("scale", scale_answers.read_task, scale_task, id="scale"),
    ],
)
def test_replay_reads_also_what_was_polled(out, broker, tmp_path, vendor, read, task):
    image_id, _ = image_ids(broker)
    report = read(task(image_id))
    assert receive(broker, Delivery(vendor, report, b"", now()))["quarantined"] == 1
    template = tmp_path / "template.yaml"
    template.write_text(TRUCKS)
    ended = label("quarantine", "-p", out, "--replay", "--template", template)
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "1 resolved, 0 left"), ended.out
    [stored] = broker.store.find(Query("annotations"))
    assert stored.document["objects"][0]["label"] == "tractor"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("x",), "no 'x' is in quarantine", id="none of this name"),
        pytest.param(("--dismiss",), "--dismiss wants a NAME", id="dismiss all"),
        pytest.param(("x", "--dismiss", "--replay"), "no --replay", id="both"),
    ],
)
def test_bad_usage_is_refused(out, arguments, message):
    refused = label("quarantine", "-p", out, *arguments)
    assert refused.code == 2
    assert message in refused.refusal


def test_the_store_is_the_one_that_was_named(out, tmp_path):
    elsewhere = tmp_path / "other.sqlite"
    store = open_store(f"sqlite:{elsewhere}")
    quarantine(store, b"x", vendor="truth", reason="r", image_id=None, now=now())
    assert (
        len(
            label("quarantine", "-p", out, "--store", f"sqlite:{elsewhere}", "--json").found[
                "entries"
            ]
        )
        == 1
    )
    assert label("quarantine", "-p", out, "--json").found["entries"] == []
