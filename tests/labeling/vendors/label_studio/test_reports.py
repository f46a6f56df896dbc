"""Answers by webhook and by poll, on the real server. Each test has a project of its own."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.labeling.vendors.label_studio.streets import CAR, rectangle, request_of, vendor_opener
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.vendors.label_studio.answers import CALLBACK_HEADER, read_callback
from vidset.labeling.vendors.vendor import MissingTaskError

pytestmark = [pytest.mark.slow, pytest.mark.emulator]
SECRET = "a-secret-of-these-tests"  # noqa: S105


@pytest.fixture
def open_vendor(label_studio):
    return vendor_opener(label_studio)


def next_reports(callbacks, vendor):
    headers, body = callbacks.next()
    assert headers[CALLBACK_HEADER] == SECRET
    return read_callback(json.loads(body))


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
        (CAR, "rotated_box"),
        ("night", "classification"),
    ]
    assert created.objects[0].attributes == {"weather": ["rain"]}
    assert created.objects[1].box is not None
    assert created.objects[1].box.angle == 33.3
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
    ids = vendor.submit_many([request_of(number) for number in range(402)])
    for task_id in ids[3], ids[5]:
        label_studio.annotate(task_id, [rectangle() | {"type": "ellipselabels"}])
    foreign = [{"data": {"image": "https://x/by-hand.jpg"}}]
    path = f"/api/projects/{vendor.connect().project_id}/import"
    label_studio.call("POST", path, json=foreign)
    reports = vendor.reports_since(datetime.now(UTC) - timedelta(hours=1))
    polled = [next(reports).vendor_task_id for _ in range(400)]
    assert polled == [*ids[:3], ids[4], *ids[6:]]
    fault = r"task.annotations\[0\].result\[0\].type .* got 'ellipselabels'"
    with pytest.raises(
        InvalidAnswerError, match=rf"task {ids[3]}: {fault}\n.* task {ids[5]}: {fault}"
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
