"""Tasks, on the real server. Each test has a project of its own."""

import json
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import numpy as np
import pytest

from tests.labeling.vendors.label_studio.streets import CAR, rectangle, request_of, vendor_opener
from vidset.labeling.annotation import Box, LabeledObject, Ring, outline
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.template import parse_template
from vidset.labeling.vendors.label_studio.answers import objects_of
from vidset.labeling.vendors.label_studio.vendor import LabelStudioVendor
from vidset.labeling.vendors.vendor import MissingTaskError
from vidset.masks import Mask

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


@pytest.fixture
def open_vendor(label_studio):
    return vendor_opener(label_studio)


def ids_of(label_studio, vendor):
    return [str(task["id"]) for task in label_studio.tasks(vendor.connect().project_id)]


def test_an_image_submitted_twice_has_one_task(label_studio, open_vendor):
    vendor = open_vendor()
    task_id = vendor.submit(request_of())
    assert vendor.submit(request_of()) == task_id
    [task] = label_studio.tasks(vendor.connect().project_id)
    assert str(task["id"]) == task_id
    assert task["data"] == {
        "image": request_of().image_url,
        "image_id": f"{1:032x}",
        "image_uri": f"gs://images/{1:032x}.jpg",
    }
    assert (task["predictions"], task["annotations"]) == ([], [])


def test_a_submission_that_was_not_recorded_is_found_by_the_next_process(label_studio, open_vendor):
    crashed, restarted = open_vendor(), open_vendor()
    task_id = crashed.submit(request_of())
    assert restarted.submit(request_of()) == task_id
    assert ids_of(label_studio, restarted) == [task_id]


def test_a_task_that_is_sent_anew_has_the_present_url_and_predictions(label_studio, open_vendor):
    vendor = open_vendor()
    task_id = vendor.submit(request_of())
    predicted = (LabeledObject("p", CAR, "box", Box(10, 20, 30, 40)),)
    moved = replace(request_of(predictions=predicted), image_url="http://127.0.0.1:8482/a.jpg")
    for _ in range(2):
        vendor.resend(moved, task_id)
    [task] = label_studio.tasks(vendor.connect().project_id)
    assert str(task["id"]) == task_id
    assert task["data"]["image"] == "http://127.0.0.1:8482/a.jpg"
    assert len(task["predictions"]) == 1
    with pytest.raises(MissingTaskError):
        vendor.resend(moved, "999999")


def test_an_image_submitted_by_eight_at_once_has_one_task(label_studio, open_vendor):
    vendors = [open_vendor() for _ in range(8)]
    for vendor in vendors:
        vendor.connect()
    together = Barrier(8)

    def submit(vendor):
        together.wait(600)
        for _ in range(10):
            try:
                return vendor.submit(request_of())
            except TryAgainError as error:  # SQLite: the database is locked.
                refusals.append(str(error))
        raise AssertionError(f"refused again and again: {refusals}")

    refusals = []
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(submit, vendors))
    assert ids_of(label_studio, vendors[0]) == [min(told, key=int)]
    assert set(told) == {min(told, key=int)}


def import_twice(label_studio, vendor):
    """Two tasks of one image, as two processes make them at once."""
    project_id = vendor.connect().project_id
    data = {"image": "https://x/a.jpg", "image_id": f"{1:032x}", "image_uri": "gs://x/a.jpg"}
    tasks = [{"data": data}, {"data": data}]
    label_studio.call("POST", f"/api/projects/{project_id}/import", json=tasks)
    return ids_of(label_studio, vendor)


def test_of_several_idle_tasks_the_oldest_stays(label_studio, open_vendor):
    vendor = open_vendor()
    older, _ = import_twice(label_studio, vendor)
    assert vendor.submit(request_of()) == older
    assert ids_of(label_studio, vendor) == [older]


@pytest.mark.parametrize("was_cancelled", [False, True])
def test_of_several_tasks_the_annotated_one_stays(label_studio, open_vendor, was_cancelled):
    vendor = open_vendor()
    _, newer = import_twice(label_studio, vendor)
    label_studio.annotate(newer, [], was_cancelled=was_cancelled)
    assert vendor.submit(request_of()) == newer
    assert ids_of(label_studio, vendor) == [newer]


def test_no_task_with_annotations_is_deleted(label_studio, open_vendor):
    vendor = open_vendor()
    older, newer = import_twice(label_studio, vendor)
    label_studio.annotate(newer, [rectangle()])
    label_studio.annotate(older, [rectangle()])
    assert vendor.submit(request_of()) == older
    assert ids_of(label_studio, vendor) == [older, newer]


def test_a_task_that_somebody_has_begun_stays(label_studio, open_vendor):
    vendor = open_vendor()
    _, newer = import_twice(label_studio, vendor)
    draft = {"result": [rectangle()]}
    label_studio.call("POST", f"/api/tasks/{newer}/drafts", json=draft)
    assert vendor.submit(request_of()) == newer
    assert ids_of(label_studio, vendor) == [newer]


def test_many_images_are_submitted_in_the_order_of_the_requests(label_studio, open_vendor):
    vendor = open_vendor()
    early = vendor.submit(request_of(150))
    requests = [request_of(number) for number in range(200)]
    ids = vendor.submit_many([*requests, requests[7]])
    assert (ids[150], ids[200]) == (early, ids[7])
    assert vendor.submit_many(requests) == ids[:200]
    tasks = label_studio.tasks(vendor.connect().project_id)
    assert {str(task["id"]): task["data"]["image_id"] for task in tasks} == {
        task_id: request.image.id for task_id, request in zip(ids, requests, strict=False)
    }
    with pytest.raises(ValueError, match="at most 500 images at once, got 501"):
        vendor.submit_many([request_of()] * 501)


def test_predictions_come_with_the_task(label_studio, open_vendor):
    predictions = (
        LabeledObject("r1", CAR, "box", Box(1, 2, 30.5, 40), attributes={"weather": ["sun"]}),
        LabeledObject("p1", "road", "polygon", rings=outline(((0, 0), (600, 0), (600, 400)))),
        LabeledObject("c1", "night", "classification"),
    )
    vendor = open_vendor()
    vendor.submit(request_of(predictions=predictions))
    [task] = label_studio.tasks(vendor.connect().project_id)
    [prediction] = task["predictions"]
    assert prediction["model_version"] == "vidset"
    box, polygon, word = objects_of(prediction["result"])
    assert (box.label, box.attributes) == (CAR, {"weather": ["sun"]})
    assert box.box is not None
    assert (box.box.x, box.box.y, box.box.width, box.box.height) == pytest.approx((1, 2, 30.5, 40))
    assert polygon.points is not None
    assert [p for point in polygon.points for p in point] == pytest.approx(
        [0, 0, 600, 0, 600, 400], abs=1e-6
    )
    assert word == predictions[2]
    [report] = vendor.reports_since(datetime.now(UTC) - timedelta(minutes=5))
    assert (report.state, report.answers) == ("open", ())


SHAPES = """
name: shapes
labels:
  - {name: sky, type: mask}
  - {name: lake, type: mask}
  - {name: road, type: polygon}
  - {name: ship, type: rotated_box}
"""


def test_masks_rings_and_turned_boxes_go_to_the_server_and_come_back(label_studio):
    pixels = np.zeros((480, 640), bool)
    pixels[100:200, 300:340] = True
    square = ((10.0, 10.0), (110.0, 10.0), (110.0, 110.0), (10.0, 110.0))
    hole = Ring(((40.0, 40.0), (60.0, 40.0), (60.0, 60.0)), hole=True)
    lake = ((300.0, 100.0), (340.0, 100.0), (340.0, 200.0), (300.0, 200.0))
    shapes = (
        LabeledObject("m", "sky", "mask", mask=Mask.of(pixels)),
        LabeledObject("p", "road", "polygon", rings=(Ring(square), hole)),
        LabeledObject("s", "ship", "rotated_box", box=Box(100, 200, 80, 20, 30)),
        LabeledObject("l", "lake", "polygon", rings=outline(lake)),
    )
    vendor = vendor_opener(label_studio, SHAPES)()
    task_id = vendor.submit(request_of(predictions=shapes))
    [task] = label_studio.tasks(vendor.connect().project_id)
    [prediction] = task["predictions"]
    label_studio.annotate(task_id, prediction["result"])
    [answer] = vendor.report(request_of().image.id, task_id).answers
    sky, road, ship, painted = check_answer(
        answer, parse_template(SHAPES, "t.yaml"), 640, 480
    ).objects
    assert sky == shapes[0]
    assert [ring.hole for ring in road.rings or ()] == [False, True]
    assert ship.type == "rotated_box"
    assert ship.box is not None
    assert (ship.box.x, ship.box.y, ship.box.angle) == pytest.approx((100, 200, 30))
    # The project has a brush for this label, and no polygon.
    assert (painted.type, painted.mask) == ("mask", Mask.of(pixels))


@pytest.mark.parametrize(
    ("size", "item", "reason"),
    [
        pytest.param((None, None), CAR, "need the image's size", id="no size"),
        pytest.param((640, 480), "tram", "got the box 'tram'", id="unknown label"),
    ],
)
def test_predictions_that_cannot_be_shown_are_refused(open_vendor, size, item, reason):
    predictions = (LabeledObject("r1", item, "box", Box(1, 2, 30, 40)),)
    with pytest.raises(RefusedError, match=f"image {1:032x}: its predictions .*{reason}"):
        open_vendor().submit(request_of(1, predictions, size))


def test_a_deleted_project_is_made_again(label_studio, open_vendor):
    vendor = open_vendor()
    vendor.submit(request_of())
    gone = vendor.connect().project_id
    label_studio.call("DELETE", f"/api/projects/{gone}/")
    with pytest.raises(TryAgainError, match=f"project {gone} 'street .*No Project matches"):
        vendor.submit(request_of())
    assert vendor.submit(request_of()) in ids_of(label_studio, vendor)
    assert vendor.connect().project_id != gone


def test_no_signature_is_logged_or_told(open_vendor, caplog):
    caplog.set_level(logging.DEBUG)
    own = """<View><Image name="image" value="$other"/><RectangleLabels name="box" toName="image">
      <Label value="car"/></RectangleLabels></View>"""
    text = f"{{name: street, labels: [{{name: car}}], label_studio: {{config: {json.dumps(own)}}}}}"
    template = parse_template(text, "t.yaml")
    title = f"own {uuid.uuid4().hex}"
    template = template.model_copy(
        update={"label_studio": template.label_studio.model_copy(update={"project": title})}
    )
    plain = open_vendor()
    plain.submit(request_of())
    list(plain.reports_since(datetime.now(UTC) - timedelta(hours=1)))
    vendor = LabelStudioVendor(plain._client.url, "0123456789abcdef" * 2 + "01234567", template)
    with pytest.raises(RefusedError, match=r'HTTP 400: .*"other.*" key is expected') as refused:
        vendor.submit(request_of())
    assert f"https://storage.googleapis.com/images/{1:032x}" in str(refused.value)
    for text in (str(refused.value), caplog.text):
        assert "Signature" not in text
        assert "5ec2e7" not in text
    assert "HTTP Request: POST" in caplog.text


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("f" * 40, id="legacy"),
        pytest.param("eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2ln", id="jwt"),
    ],
)
def test_a_wrong_token_is_told_and_is_no_fault_of_the_task(open_vendor, token):
    vendor = open_vendor(token=token)
    with pytest.raises(TryAgainError, match=r"HTTP 401: .*oken.*LABEL_STUDIO_TOKEN") as refused:
        vendor.submit(request_of())
    assert token not in str(refused.value)


def test_a_personal_access_token_is_exchanged(label_studio, open_vendor):
    token = label_studio.call("POST", "/api/token/")["token"]
    assert token.count(".") == 2
    vendor = open_vendor(token=token)
    task_id = vendor.submit(request_of())
    vendor._client._client.auth._access = "of-an-hour-ago"  # As if it had expired meanwhile.
    assert vendor.submit(request_of()) == task_id


def test_an_erased_task_is_gone_with_its_annotations(label_studio, open_vendor):
    vendor = open_vendor()
    task_id = vendor.submit(request_of())
    # A number that another image's task has by now is left alone.
    assert vendor.erase(f"{2:032x}", task_id)
    assert ids_of(label_studio, vendor) == [task_id]
    for _ in range(2):
        assert vendor.erase(f"{1:032x}", task_id)
        assert ids_of(label_studio, vendor) == []
