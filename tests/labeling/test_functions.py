"""The three functions over HTTP, on the Firestore emulator, with a double of Scale's API."""

import json
import os
import time
import uuid
from dataclasses import dataclass

import httpx
import pytest

from tests.emulators.servers import Server
from tests.labeling.functions import (
    SCALE_SECRET,
    binary_event,
    function,
    message,
    post,
    push_event,
    scale_settings,
    structured_event,
)
from tests.labeling.vendors.scale.double import ScaleDouble, scale_double
from tests.labeling.vendors.scale.double_state import Completion, Failure
from vidset.labeling.events import image_id
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.vendors.http import retry_after_seconds

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

TEMPLATE = """
name: road users
instruction: Draw a box around every car.
labels: [{name: car, min_width: 4, min_height: 4}]
"""


@dataclass(frozen=True)
class Running:
    request: Server
    receive: Server
    reconcile: Server
    scale: ScaleDouble
    store: Store

    def task(self, name: str) -> dict:
        [stored] = self.store.get(("tasks", image_id(f"images/{name}")))
        return stored.document

    def dispatch(self, name: str) -> str:
        """Scale's id of the task."""
        assert post(self.request.url, binary_event(message(name))).status_code == 200
        return self.task(name)["vendor_task_id"]

    def annotation(self, name: str) -> dict | None:
        [stored] = self.store.get(("annotations", image_id(f"images/{name}")))
        return stored and stored.document

    def call_back(self, body: object, **headers: str) -> httpx.Response:
        given = {"scale-callback-auth": SCALE_SECRET, "content-type": "application/json"} | headers
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.receive.url, headers=given, content=content, timeout=600)


@pytest.fixture(scope="module")
def running(firestore_emulator, tmp_path_factory):
    from vidset.labeling.stores.firestore import FirestoreStore

    folder, project = tmp_path_factory.mktemp("functions"), f"test-{uuid.uuid4().hex[:12]}"
    (folder / "template.yaml").write_text(TEMPLATE)
    os.environ["FIRESTORE_EMULATOR_HOST"] = firestore_emulator.address
    store = FirestoreStore(project, "(default)")
    with scale_double() as scale:
        environment = scale_settings(
            f"firestore://{project}",
            scale.url,
            "http://127.0.0.1:9",
            LABELING_TEMPLATE=str(folder / "template.yaml"),
            LABELING_ANSWER_DEADLINE_HOURS="0",
            LABELING_MAX_CALLBACK_MB="0.1",
        )
        with function("receive_annotation", environment, folder) as receive:
            environment["LABELING_CALLBACK_URL"] = receive.url
            with (
                function("request_labeling", environment, folder) as request,
                function("reconcile", environment, folder) as reconcile,
            ):
                yield Running(request, receive, reconcile, scale, store)
    store.close()
    del os.environ["FIRESTORE_EMULATOR_HOST"]


@pytest.fixture
def name() -> str:
    """Of an image of this test's own."""
    return f"drive-{uuid.uuid4().hex[:8]}/1/0000001000.jpg"


def drawn(*boxes: tuple[float, float, float, float], label: str = "car") -> list[dict]:
    return [
        {
            "type": "box",
            "label": label,
            "left": left,
            "top": top,
            "width": width,
            "height": height,
            "uuid": str(number),
        }
        for number, (left, top, width, height) in enumerate(boxes)
    ]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(binary_event, id="binary CloudEvent"),
        pytest.param(structured_event, id="structured CloudEvent"),
        pytest.param(push_event, id="Pub/Sub push"),
    ],
)
def test_request_labeling_dispatches_an_image_in_each_form_of_event(running, name, form):
    for _ in range(2):
        assert post(running.request.url, form(message(name))).status_code == 200
    task = running.task(name)
    assert (task["state"], task["image_width"], task["image_height"]) == ("dispatched", 640, 480)
    [made] = [one for one in running.scale.tasks() if one["unique_id"] == task["image_id"]]
    assert made["task_id"] == task["vendor_task_id"]
    assert made["params"]["attachment"] == f"https://images.test/images/{name}"


@pytest.mark.parametrize(
    "passed",
    [
        pytest.param(message("a/1/0000000000.jpg", bucket="uploads"), id="another bucket"),
        pytest.param(message("frames/0123.parquet"), id="no image"),
        pytest.param(
            message("a/1/0000000000.jpg", event_type="OBJECT_DELETE"), id="another event type"
        ),
        pytest.param({"data": "", "messageId": "1"}, id="no notification"),
    ],
)
def test_request_labeling_passes_over_what_is_no_image_of_ours(running, passed):
    before = len(running.scale.tasks())
    assert post(running.request.url, binary_event(passed)).status_code == 200
    assert len(running.scale.tasks()) == before


def test_request_labeling_asks_for_a_repeat_while_the_vendor_is_down(running, name):
    running.scale.fail(Failure("status", status=500, times=1, on="POST task"))
    response = post(running.request.url, binary_event(message(name)))
    assert response.status_code == 503
    assert running.task(name)["state"] == "requested"
    assert "HTTP 500" in running.task(name)["error"]


def test_request_labeling_marks_a_refused_task_failed_and_is_done_with_it(running, name):
    text = "attachment {attachment} is not an image"
    running.scale.fail(Failure("status", status=400, message=text, times=1, on="POST task"))
    assert post(running.request.url, binary_event(message(name))).status_code == 200
    assert post(running.request.url, binary_event(message(name))).status_code == 200
    task = running.task(name)
    assert task["state"] == "failed"
    assert f"attachment https://images.test/images/{name} is not an image" in task["error"]


def test_an_answer_comes_back_as_the_annotation_of_its_image(running, name):
    task_id = running.dispatch(name)
    completion = Completion(annotations=drawn((10, 20, 30, 40)))
    assert running.scale.complete(task_id, completion)["callback_status"] == 200
    annotation = running.annotation(name)
    assert annotation["image_uri"] == f"gs://images/{name}"
    assert annotation["objects"] == [
        {
            "id": "0",
            "label": "car",
            "type": "box",
            "box": {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0},
            "rings": None,
            "mask": None,
            "attributes": {},
        }
    ]
    assert running.task(name)["state"] == "completed"


def test_an_invalid_answer_is_taken_into_quarantine(running, name):
    task_id = running.dispatch(name)
    outside = Completion(annotations=drawn((600, 20, 100, 40)))
    assert running.scale.complete(task_id, outside)["callback_status"] == 200
    wanted = Query("quarantine", {"image_id": image_id(f"images/{name}")})
    [kept] = running.store.find(wanted)
    assert "60 px outside" in kept.document["reason"]
    assert running.annotation(name) is None


def test_reconcile_finds_the_answer_that_a_callback_lost(running, name):
    task_id = running.dispatch(name)
    running.scale.complete(task_id, Completion(annotations=drawn((1, 2, 30, 40)), callback="lose"))
    response = httpx.post(running.reconcile.url, timeout=600)
    assert response.status_code == 200, response.text
    assert running.annotation(name)["objects"][0]["box"]["width"] == 30
    assert response.json()["tasks"]["completed"] >= 1


def test_reconcile_says_what_it_could_not_finish(running):
    running.scale.fail(Failure("status", status=503, times=1, on="GET tasks"))
    response = httpx.post(running.reconcile.url, timeout=600)
    assert response.status_code == 503
    assert "HTTP 503" in response.json()["incomplete"][0]


def test_receive_annotation_takes_malformed_json_into_quarantine(running):
    body = f'{{"half": "{uuid.uuid4().hex}'.encode()
    assert running.call_back(body).json() == {"quarantined": 1}
    kept = [one.document["payload"] for one in running.store.find(Query("quarantine"))]
    assert body in kept


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"scale-callback-auth": ""}, 401, id="empty secret"),
        pytest.param({"scale-callback-auth": SCALE_SECRET[:-1]}, 401, id="secret cut short"),
        pytest.param({"scale-callback-auth": SCALE_SECRET + "x"}, 401, id="secret and more"),
        pytest.param({"scale-callback-auth": SCALE_SECRET.upper()}, 401, id="other case"),
        pytest.param({"content-type": "text/plain"}, 415, id="no JSON"),
        pytest.param({"content-type": "application/x-www-form-urlencoded"}, 415, id="a form"),
    ],
)
def test_receive_annotation_refuses(running, headers, status):
    before = running.store.count(Query("quarantine"))
    assert running.call_back({"task": {}}, **headers).status_code == status
    assert running.store.count(Query("quarantine")) == before


def test_receive_annotation_refuses_a_secret_in_another_vendors_header(running):
    given = {"scale-callback-auth": "", "x-vidset-webhook-secret": SCALE_SECRET}
    assert running.call_back({}, **given).status_code == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_receive_annotation_takes_posts_alone(running, method):
    headers = {"scale-callback-auth": SCALE_SECRET}
    assert (
        httpx.request(method, running.receive.url, headers=headers, timeout=600).status_code == 405
    )


def test_receive_annotation_refuses_what_is_too_large_by_its_length(running):
    assert running.call_back(b'"' + b"x" * 200_000 + b'"').status_code == 413


def test_receive_annotation_refuses_what_is_too_large_without_a_length(running):
    def chunks():
        for _ in range(200):
            yield b"x" * 1000

    headers = {"scale-callback-auth": SCALE_SECRET, "content-type": "application/json"}
    response = httpx.post(running.receive.url, headers=headers, content=chunks(), timeout=600)
    assert response.status_code == 413


def test_no_function_logs_a_secret_or_a_traceback_for_bad_input(running):
    """The log of all tests before this one, but for what the vendor's failures raised."""
    for server in running.request, running.receive, running.reconcile:
        log = server.log.read_text()
        assert SCALE_SECRET not in log
        assert "test_key" not in log
        assert "Traceback" not in log, log


def test_a_wait_that_the_vendor_asks_for_is_told_to_the_sender(running, name):
    running.scale.fail(Failure("status", status=429, retry_after="1", times=1, on="POST task"))
    response = post(running.request.url, binary_event(message(name)))
    assert response.status_code == 503
    assert retry_after_seconds(response.headers["retry-after"]) == 1
    # The function leaves the vendor alone for a second: it is over for the test that comes next.
    while post(running.request.url, binary_event(message(name))).status_code == 503:
        time.sleep(0.1)
    assert running.task(name)["state"] == "dispatched"
