import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.emulators.handlers import Handler, serve_requests
from tests.labeling.vendors.scale.double import CALLBACK_AUTH, ScaleDouble, scale_double
from tests.labeling.vendors.scale.double_state import Completion, Failure
from tests.labeling.vendors.scale.vendors import CALLBACK_URL, open_vendor, request_for, tasks_of
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.task import Image
from vidset.labeling.vendors.scale.answers import read_callback
from vidset.labeling.vendors.vendor import MissingTaskError

pytestmark = pytest.mark.emulator

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BOX = {"type": "box", "label": "car", "left": 1, "top": 2, "width": 3, "height": 4, "uuid": "u1"}


def test_submit_makes_the_task_that_the_template_asks_for(double, vendor, image):
    prediction = LabeledObject("p1", "car", "box", Box(1, 2, 3, 4), attributes={"parked": "yes"})
    task_id = vendor.submit(request_for(image, predictions=(prediction,)))
    (task,) = tasks_of(double, image)
    assert task["task_id"] == task_id
    assert task["type"] == "imageannotation"
    assert task["instruction"] == "Draw boxes."
    assert task["callback_url"] == CALLBACK_URL
    assert task["project"] == "drives"
    assert task["metadata"] == {"image_id": image.id, "image_uri": image.uri}
    assert task["params"] == {
        "attachment": request_for(image).image_url,
        "geometries": {
            "box": {"objects_to_annotate": ["car"], "min_width": 8, "min_height": 1},
        },
        "hypothesis": {
            "annotations": [
                {
                    "type": "box",
                    "label": "car",
                    "left": 1,
                    "top": 2,
                    "width": 3,
                    "height": 4,
                    "attributes": {"parked": "yes"},
                }
            ]
        },
        "priority": 20,
        "tags": ["a"],
    }


def test_submit_again_gives_the_same_task(double, vendor, image):
    first = vendor.submit(request_for(image))
    assert vendor.submit(request_for(image)) == first
    assert open_vendor(double.url).submit(request_for(image)) == first
    assert len(tasks_of(double, image)) == 1


def test_submit_by_eight_threads_at_once_makes_one_task(double, vendor, image):
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: vendor.submit(request_for(image)), range(64)))
    assert [task["task_id"] for task in tasks_of(double, image)] == [ids[0]]
    assert set(ids) == {ids[0]}


def test_submit_keeps_its_connection(double, vendor):
    before = double.stats()["connections"]
    for number in range(20):
        vendor.submit(request_for(Image(f"kept {number}", f"gs://images/kept{number}.jpg")))
    # One for the submits, and one for each question to the double.
    assert double.stats()["connections"] == before + 2


def test_submit_refuses_an_id_that_another_image_has(double, vendor, image):
    taken = vendor.submit(request_for(image))
    other = Image(image.id, "gs://images/other.jpg")
    with pytest.raises(RefusedError) as caught:
        vendor.submit(request_for(other))
    assert str(caught.value) == (
        f"image {image.id}: its id is taken by Scale's task {taken}, of type imageannotation and "
        f"for {image.uri}; wanted gs://images/other.jpg"
    )


@pytest.mark.parametrize(
    ("attachment", "is_same"),
    [
        pytest.param("https://storage.googleapis.com/images/a.jpg?Expires=1", True, id="same"),
        pytest.param("https://storage.googleapis.com/images/b.jpg?Expires=1", False, id="other"),
    ],
)
def test_submit_goes_by_the_attachment_of_a_task_made_elsewhere(
    double, vendor, image, attachment, is_same
):
    made = vendor._client.api.post_request(
        "task/imageannotation",
        {"unique_id": image.id, "attachment": attachment, "geometries": {"box": {}}},
    )
    image = Image(image.id, "gs://images/a.jpg")
    if is_same:
        assert vendor.submit(request_for(image)) == made["task_id"]
    else:
        with pytest.raises(RefusedError, match=r"for https://storage.googleapis.com/images/b.jpg;"):
            vendor.submit(request_for(image))


def test_submit_refuses_an_id_that_a_task_of_another_type_has(double, vendor, image):
    taken = vendor.submit(request_for(image))
    double.complete(taken, Completion(changes={"type": "categorization"}, callback="lose"))
    with pytest.raises(RefusedError, match="of type categorization and for gs://images/"):
        vendor.submit(request_for(image))


def test_submit_tries_again_when_the_task_in_its_way_is_not_listed(double, vendor, image):
    double.fail(Failure(status=409, on="POST task"))
    with pytest.raises(TryAgainError, match="lists none"):
        vendor.submit(request_for(image))


def test_report_follows_a_task(double, vendor, image):
    task_id = vendor.submit(request_for(image))
    open_report = vendor.report(image.id, task_id)
    assert (open_report.state, open_report.answers) == ("open", ())
    assert not open_report.is_complete
    double.complete(task_id, Completion([BOX], callback="lose"))
    report = vendor.report(image.id, task_id)
    assert (report.image_id, report.vendor_task_id) == (image.id, task_id)
    assert (report.state, report.is_complete) == ("answered", False)
    assert report.answers[0].objects == (LabeledObject("u1", "car", "box", Box(1, 2, 3, 4)),)
    assert "Signature" not in str(report)


def test_report_tells_a_cancelled_task(double, vendor, image):
    task_id = vendor.submit(request_for(image))
    vendor._client.cancel_task(task_id)
    assert vendor.report(image.id, task_id).state == "cancelled"


def test_report_tells_why_a_task_failed(double, vendor, image):
    task_id = vendor.submit(request_for(image))
    error = f"could not download {request_for(image).image_url}"
    changes = {"status": "error", "response": {"error": error}}
    double.complete(task_id, Completion(changes=changes, callback="lose"))
    report = vendor.report(image.id, task_id)
    assert report.state == "failed"
    assert report.error == (
        f"could not download https://storage.googleapis.com/{image.uri.removeprefix('gs://')}"
    )


@pytest.mark.parametrize("task_id", ["f" * 24, "../tasks", "a/cancel?x=1"])
def test_report_of_an_unknown_task_says_so(vendor, task_id):
    with pytest.raises(MissingTaskError, match="image a: task"):
        vendor.report("a", task_id)


def test_report_of_another_image_is_invalid(vendor, image):
    task_id = vendor.submit(request_for(image))
    with pytest.raises(InvalidAnswerError, match=f"must be of image b, got {image.id}"):
        vendor.report("b", task_id)


def test_reports_since_gives_what_changed_page_by_page():
    with scale_double() as double:
        vendor = open_vendor(double.url)
        images = [Image(f"{i:032x}", f"gs://images/{i}.jpg") for i in range(250)]
        ids = [vendor.submit(request_for(image)) for image in images]
        time.sleep(0.01)
        completed = [
            double.complete(task_id, Completion([BOX], callback="lose"))
            for task_id in (ids[3], ids[200])
        ]
        everything = list(vendor.reports_since(LONG_AGO))
        assert sorted(report.image_id for report in everything) == [image.id for image in images]
        since = datetime.fromisoformat(completed[0]["task"]["updated_at"])
        changed = list(vendor.reports_since(since))
        assert {report.vendor_task_id for report in changed} == {ids[3], ids[200]}
        assert {report.state for report in changed} == {"answered"}
        assert list(vendor.reports_since(datetime.now(UTC) + timedelta(seconds=1))) == []


def test_reports_since_asks_for_a_page_when_it_is_needed(double, vendor):
    for number in range(101):
        vendor.submit(request_for(Image(f"paged {number}", f"gs://images/paged{number}.jpg")))
    before = double.stats()["requests"].get("GET tasks", 0)
    next(vendor.reports_since(LONG_AGO))
    assert double.stats()["requests"]["GET tasks"] == before + 1


def test_reports_since_passes_over_the_tasks_of_others_and_raises_for_a_broken_one_last():
    with scale_double() as double:
        vendor = open_vendor(double.url)
        images = [Image(name, f"gs://images/{name}.jpg") for name in "abc"]
        ids = [vendor.submit(request_for(image)) for image in images]
        vendor._client.api.post_request(
            "task/imageannotation", {"attachment": "https://x/y.jpg", "geometries": {"box": {}}}
        )
        line = {"type": "line", "label": "lane", "uuid": "u", "vertices": []}
        double.complete(ids[1], Completion([line], callback="lose"))
        reports = vendor.reports_since(LONG_AGO)
        assert [next(reports).image_id, next(reports).image_id] == ["c", "a"]
        with pytest.raises(InvalidAnswerError, match="box or polygon, got 'line'"):
            next(reports)


def test_a_callback_is_read_as_it_is_sent(double, image):
    with received_callbacks() as (url, received):
        vendor = open_vendor(double.url, callback_url=url)
        task_id = vendor.submit(request_for(image))
        assert double.complete(task_id, Completion([BOX]))["callback_status"] == 200
        double.complete(task_id, Completion([BOX], callback="lose"))
    ((header, body),) = received
    assert header == CALLBACK_AUTH
    (report,) = read_callback(body)
    assert (report.image_id, report.vendor_task_id) == (image.id, task_id)
    assert (report.state, report.is_complete) == ("answered", False)
    assert report.answers[0].objects == (LabeledObject("u1", "car", "box", Box(1, 2, 3, 4)),)
    assert "Signature" not in str(report)


def test_the_double_runs_as_a_process_of_its_own(image):
    command = [sys.executable, "-m", "tests.labeling.vendors.scale.double", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        double = ScaleDouble(process.stdout.readline().strip())
        task_id = open_vendor(double.url).submit(request_for(image))
        assert [task["task_id"] for task in double.tasks()] == [task_id]
        process.terminate()


@contextmanager
def received_callbacks():
    received = []

    def answer(request: Handler) -> None:
        received.append((request.headers["scale-callback-auth"], json.loads(request.body())))
        request.reply(200)

    with serve_requests(answer) as url:
        yield f"{url}/", received


def test_an_erased_task_is_cancelled_and_known_to_stay_at_scale(double, vendor, image):
    task_id = vendor.submit(request_for(image))
    for _ in range(2):
        assert vendor.erase(image.id, task_id) is False
        assert tasks_of(double, image)[0]["status"] == "canceled"
    assert vendor.erase(image.id, "none") is False
