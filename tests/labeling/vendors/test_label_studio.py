"""Tasks and answers, on the real server. Each test has a project of its own."""

import json
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from labeling.annotation import Box, LabeledObject
from labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from labeling.task import Image
from labeling.template import parse_template
from labeling.vendors.label_studio import LabelStudioVendor
from labeling.vendors.label_studio_answers import objects_of
from labeling.vendors.vendor import MissingTaskError, Request

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

SECRET = "a-secret-of-these-tests"  # noqa: S105
SIGNATURE = "?X-Goog-Algorithm=GOOG4&X-Goog-Credential=c&X-Goog-Signature=5ec2e7"
CAR = "car <\"&' ü 車"
TEMPLATE = """
name: street
labels:
  - {name: "car <\\"&' ü 車"}
  - {name: road, type: polygon}
  - {name: night, type: classification}
attributes: [{name: weather, choices: [sun, rain], many: true}]
"""


@pytest.fixture
def title():
    return f"street {uuid.uuid4().hex}"


@pytest.fixture
def open_vendor(label_studio, title):
    """Vendors of this test's project, each as if of another process."""

    def open_(text=TEMPLATE, **arguments):
        template = parse_template(f"{text}\nlabel_studio: {{project: {title}}}", "t.yaml")
        arguments = {"url": label_studio.url, "token": label_studio.token} | arguments
        return LabelStudioVendor(template=template, **arguments)

    return open_


def request_of(number=1, predictions=(), size=(640, 480)):
    image_id = f"{number:032x}"
    image = Image(image_id, f"gs://images/{image_id}.jpg", *size)
    return Request(
        image, f"https://storage.googleapis.com/images/{image_id}{SIGNATURE}", predictions
    )


def rectangle(id_="r1", x=12.345678901234567, **value):
    value = {"x": x, "y": 2 / 3, "width": 33.3, "height": 0.1, "rotation": 0} | value
    return {
        "id": id_,
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 640,
        "original_height": 480,
        "image_rotation": 0,
        "value": value | {"rectanglelabels": [CAR]},
    }


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


def test_an_image_submitted_by_eight_at_once_has_one_task(label_studio, open_vendor):
    vendors = [open_vendor() for _ in range(8)]
    vendors[0].connect()

    def submit(vendor):
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
        LabeledObject("p1", "road", "polygon", points=((0, 0), (600, 0), (600, 400))),
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


def next_reports(callbacks, vendor):
    headers, body = callbacks.next()
    assert headers[vendor.callback_header] == SECRET
    return vendor.read_callback(json.loads(body))


def test_callbacks_and_polls_give_the_same_answers(label_studio, open_vendor, callbacks):
    vendor = open_vendor(callback_url=callbacks.url, webhook_secret=SECRET)
    task_id = vendor.submit(request_of())
    image_id = request_of().image.id
    before = datetime.now(UTC)

    def both():
        """The newest answer by callback and by both kinds of poll, and what was polled."""
        [told] = next_reports(callbacks, vendor)
        asked = vendor.report(image_id, task_id)
        [found] = vendor.reports_since(before)
        assert (told.image_id, told.vendor_task_id, told.is_complete) == (image_id, task_id, False)
        assert asked.answers == found.answers
        assert asked.is_complete
        [answer] = told.answers
        same = [a for a in asked.answers if a.annotation_id == answer.annotation_id]
        assert same == [answer]
        assert [a.key for a in same] == [answer.key]
        return answer, asked

    many = {"from_name": "weather[]", "type": "choices", "value": {"choices": ["rain"]}}
    turned = rectangle("r2", rotation=33.3)
    word = {"id": "c", "from_name": "classification", "to_name": "image", "type": "choices"}
    result = [rectangle(), rectangle() | many, turned, word | {"value": {"choices": ["night"]}}]
    first = label_studio.annotate(task_id, result, lead_time=3.5)
    created, _ = both()
    assert (created.annotation_id, created.annotator, created.state) == (
        str(first),
        "user 1",
        "labeled",
    )
    assert [(item.label, item.type) for item in created.objects] == [
        (CAR, "box"),
        (CAR, "polygon"),
        ("night", "classification"),
    ]
    assert created.objects[0].attributes == {"weather": ["rain"]}
    assert created.objects[1].attributes == {"rotation": 33.3}
    assert (created.image_width, created.image_height) == (640, 480)

    label_studio.update(first, result=[rectangle(x=50)])
    updated, _ = both()
    assert updated.annotation_id == created.annotation_id
    assert updated.updated_at > created.updated_at
    assert [item.box for item in updated.objects] == [Box(320, 3.2, 213.12, 0.48)]

    second = label_studio.annotate(task_id, [], was_cancelled=True)
    skipped, polled = both()
    assert (skipped.state, skipped.objects) == ("skipped", ())
    assert {a.annotation_id for a in polled.answers} == {str(first), str(second)}

    label_studio.delete(first)
    [gone] = next_reports(callbacks, vendor)
    assert (gone.image_id, gone.withdrawn, gone.answers) == ("", (str(first),), ())
    assert vendor.report(image_id, task_id).answers == (skipped,)
    assert callbacks.received.empty()


def test_what_the_data_manager_does_is_told_too(label_studio, open_vendor, callbacks):
    predictions = (LabeledObject("r1", CAR, "box", Box(1, 2, 30, 40)),)
    vendor = open_vendor(callback_url=callbacks.url, webhook_secret=SECRET)
    requests = [request_of(number, predictions) for number in range(2)]
    task_ids = vendor.submit_many(requests)
    project_id = vendor.connect().project_id
    label_studio.act("predictions_to_annotations", project_id, *task_ids)
    told = next_reports(callbacks, vendor)
    polled = [
        vendor.report(request.image.id, task_id)
        for request, task_id in zip(requests, task_ids, strict=True)
    ]
    assert [report.answers for report in told] == [report.answers for report in polled]
    assert [report.answers[0].objects[0].label for report in told] == [CAR, CAR]
    label_studio.act("delete_tasks_annotations", project_id, *task_ids)
    [gone] = next_reports(callbacks, vendor)
    assert sorted(gone.withdrawn) == sorted(r.answers[0].annotation_id for r in told)


def test_each_change_of_an_annotation_is_polled(label_studio, open_vendor):
    vendor = open_vendor()
    idle, task_id = vendor.submit_many([request_of(1), request_of(2)])
    states = []
    annotation = None
    for change in ("create", "update", "skip", "delete", "act"):
        since = datetime.now(UTC)
        assert list(vendor.reports_since(since)) == []
        if change == "create":
            annotation = label_studio.annotate(task_id, [rectangle()])
        elif change == "update":
            label_studio.update(annotation, result=[])
        elif change == "skip":
            label_studio.annotate(task_id, [], was_cancelled=True)
        elif change == "delete":
            label_studio.delete(annotation)
        else:
            label_studio.act("delete_tasks_annotations", vendor.connect().project_id, task_id)
        [report] = vendor.reports_since(since)
        assert (report.vendor_task_id, report.is_complete) == (task_id, True)
        states.append((report.state, sorted(answer.state for answer in report.answers)))
    assert states == [
        ("answered", ["labeled"]),
        ("answered", ["labeled"]),
        ("answered", ["labeled", "skipped"]),
        ("answered", ["skipped"]),
        ("open", []),
    ]
    assert idle != task_id


def test_all_pages_are_polled_and_what_is_unreadable_is_told_last(label_studio, open_vendor):
    vendor = open_vendor()
    ids = vendor.submit_many([request_of(number) for number in range(401)])
    brush = rectangle() | {"type": "brushlabels"}
    label_studio.annotate(ids[3], [brush])
    foreign = [{"data": {"image": "https://x/by-hand.jpg"}}]
    path = f"/api/projects/{vendor.connect().project_id}/import"
    label_studio.call("POST", path, json=foreign)
    reports = vendor.reports_since(datetime.now(UTC) - timedelta(hours=1))
    polled = [next(reports).vendor_task_id for _ in range(400)]
    assert polled == ids[:3] + ids[4:]
    with pytest.raises(
        InvalidAnswerError,
        match=rf"task {ids[3]}: task.annotations\[0\].result\[0\].type .* got 'brushlabels'",
    ):
        next(reports)


def test_a_task_that_is_not_there_is_missing(label_studio, open_vendor):
    vendor = open_vendor()
    task_id = vendor.submit(request_of(1))
    for image, asked, reason in (
        (1, "999999999", "No Task matches"),
        (2, task_id, f"is of {1:032x}"),
        (1, "../projects/1", "its ids are numbers"),
    ):
        with pytest.raises(MissingTaskError, match=rf"image {image:032x}: .*{reason}"):
            vendor.report(f"{image:032x}", asked)
    label_studio.call("DELETE", f"/api/tasks/{task_id}/")
    with pytest.raises(MissingTaskError):
        vendor.report(request_of(1).image.id, task_id)


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
