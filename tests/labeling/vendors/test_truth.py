import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.annotation import Answer, Box, LabeledObject
from labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from labeling.task import Image
from labeling.vendors.registry import CALLBACKS
from labeling.vendors.truth import CALLBACK_HEADER, TruthVendor, read_callback
from labeling.vendors.vendor import MissingTaskError, Report, Request

ID, OTHER = "0123456789abcdef" * 2, "f" * 32
SECRET = "test-secret-of-the-truth"  # noqa: S105
CALLBACK = {
    "image_id": ID,
    "annotation_id": "a-7",
    "annotator": "ann",
    "state": "labeled",
    "updated_at": "2026-01-31T13:00:00+01:00",
    "image_width": 1280,
    "image_height": 720,
    "objects": [
        {
            "id": "1",
            "label": "car",
            "type": "box",
            "box": {"x": 1, "y": 2.5, "width": 30, "height": 20},
            "points": None,
            "attributes": {"hidden": True, "of": ["a"], "n": 3, "share": 0.5, "colour": "rot ü"},
        },
        {"id": "2", "label": "lane", "type": "polygon", "points": [{"x": 0, "y": 1}] * 3},
        {"id": "3", "label": "rain", "type": "classification"},
    ],
}
OBJECTS = (
    LabeledObject(
        "1",
        "car",
        "box",
        Box(1.0, 2.5, 30.0, 20.0),
        attributes={"hidden": True, "of": ["a"], "n": 3, "share": 0.5, "colour": "rot ü"},
    ),
    LabeledObject("2", "lane", "polygon", points=((0.0, 1.0),) * 3),
    LabeledObject("3", "rain", "classification"),
)
LINE = {"image_id": ID, "image_width": 640, "image_height": 480, "objects": CALLBACK["objects"]}


def answer(**changed) -> Answer:
    values = {
        "image_id": ID,
        "vendor": "truth",
        "vendor_task_id": f"truth-{ID}",
        "annotation_id": "a-7",
        "annotator": "ann",
        "state": "labeled",
        "objects": OBJECTS,
        "updated_at": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "image_width": 1280,
        "image_height": 720,
    }
    return Answer(**values | changed)


def test_a_callback_in_its_documented_form_is_an_answer():
    [report] = read_callback(CALLBACK)
    assert report == Report(ID, f"truth-{ID}", "answered", (answer(),), raw=CALLBACK)
    assert CALLBACKS["truth"].read(CALLBACK) == [report]


def test_a_callback_may_leave_out_what_is_not_known():
    body = {name: CALLBACK[name] for name in ("image_id", "annotation_id", "annotator")}
    [report] = read_callback(body | {"updated_at": "2026-01-31T12:00:00Z", "objects": []})
    assert report.answers == (answer(objects=(), image_width=None, image_height=None),)


@pytest.mark.parametrize("state", ["skipped", "rejected"])
def test_a_callback_may_tell_that_there_are_no_labels(state):
    [report] = read_callback(CALLBACK | {"state": state, "objects": []})
    assert report.answers == (answer(state=state, objects=()),)


def objects(**changed) -> dict:
    return {"objects": [{**CALLBACK["objects"][0], **changed}]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"image_id": "x"}, "image_id: String should match", id="image id"),
        pytest.param({"image_id": ID + "\n"}, "image_id: String should match", id="line break"),
        pytest.param({"image_id": ID.upper()}, "image_id: String should match", id="capitals"),
        pytest.param({"image_id": None}, "image_id: Input should be a valid string", id="null"),
        pytest.param({"annotation_id": ""}, "annotation_id: ", id="no annotation id"),
        pytest.param({"annotator": "x" * 201}, "annotator: ", id="long annotator"),
        pytest.param({"annotator": "\ud800"}, "surrogates not allowed", id="lone surrogate"),
        pytest.param({"state": "done"}, "state: Input should be", id="state"),
        pytest.param({"updated_at": "today"}, "updated_at: Invalid isoformat", id="no time"),
        pytest.param({"updated_at": "2026-01-31T12:00:00"}, "updated_at: wanted a time", id="zone"),
        pytest.param(
            {"updated_at": "0001-01-01T00:00:00+12:00"}, "updated_at: wanted a time", id="year 0"
        ),
        pytest.param({"updated_at": 1769860800}, "updated_at: Input should be", id="seconds"),
        pytest.param({"image_width": 0}, "image_width: Input should be greater", id="no width"),
        pytest.param({"image_width": 1280.5}, "image_width: Input should be", id="half a pixel"),
        pytest.param({"image_width": "1280"}, "image_width: Input should be", id="width as text"),
        pytest.param({"image_height": 10**30}, "image_height: Input should be less", id="height"),
        pytest.param({"objects": None}, "objects: Input should be a valid list", id="no objects"),
        pytest.param({"objects": {}}, "objects: Input should be a valid list", id="a map"),
        pytest.param({"objects": [7]}, "objects.0: Input should be", id="a number"),
        pytest.param(objects(id=1), "objects.0.id: Input should be", id="object id"),
        pytest.param(objects(type="circle"), "objects.0.type: Input should be", id="type"),
        pytest.param(objects(label="\udfff"), "surrogates not allowed", id="label"),
        pytest.param(objects(box=[1, 2, 3, 4]), "objects.0.box: Input should be", id="list"),
        pytest.param(
            objects(box={"x": 1, "y": 2, "width": 3}), "objects.0.box.height: Field", id="no height"
        ),
        pytest.param(
            objects(box={"x": float("nan"), "y": 2, "width": 3, "height": 4}),
            "objects.0.box.x: Input should be a finite number",
            id="nan",
        ),
        pytest.param(
            objects(box={"x": "1", "y": 2, "width": 3, "height": 4}),
            "objects.0.box.x: Input should be a valid number",
            id="text",
        ),
        pytest.param(
            objects(box={"x": 10**400, "y": 2, "width": 3, "height": 4}),
            "objects.0.box.x: Input should be",
            id="huge",
        ),
        pytest.param(objects(points=[[1, 2]]), "objects.0.points.0: Input", id="points as lists"),
        pytest.param(objects(attributes={"a": None}), "objects.0.attributes.a", id="null value"),
        pytest.param(objects(attributes={"a": {"b": 1}}), "objects.0.attributes.a", id="map value"),
        pytest.param(objects(attributes={"a": ["\ud800"]}), "objects.0.attributes", id="surrogate"),
        pytest.param(objects(attributes={"": 1}), "objects.0.attributes.", id="no name"),
    ],
)
def test_a_fault_is_told_with_its_place(changed, told):
    with pytest.raises(InvalidAnswerError) as raised:
        read_callback(CALLBACK | changed)
    assert told in str(raised.value)
    assert len(str(raised.value)) < 1000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=10,
)


def assert_read_or_refused(body) -> None:
    try:
        [report] = read_callback(body)
    except InvalidAnswerError as error:
        assert str(error)  # noqa: PT017
    else:
        assert len(report.answers[0].key) == 65
        json.dumps(report.answers[0].to_document(), default=str, ensure_ascii=False).encode()


@given(anything)
def test_any_body_is_read_or_refused(body):
    assert_read_or_refused(body)


@given(st.sampled_from(sorted(CALLBACK)), anything)
def test_a_callback_with_anything_in_a_field_is_read_or_refused(name, value):
    assert_read_or_refused(CALLBACK | {name: value})


@given(st.sampled_from(["id", "label", "type", "box", "points", "attributes"]), anything)
def test_an_object_with_anything_in_a_field_is_read_or_refused(name, value):
    assert_read_or_refused(CALLBACK | objects(**{name: value}))


def test_deeply_nested_json_is_refused():
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    for body in (
        nested,
        CALLBACK | {"objects": nested},
        CALLBACK | objects(attributes={"a": nested}),
    ):
        with pytest.raises(InvalidAnswerError):
            read_callback(body)


class Calls:
    """What came back to the broker, and what it is to answer."""

    def __init__(self):
        self.received: list[tuple[str | None, dict]] = []
        self.status, self.headers, self.text = 200, {}, "{}"


@contextmanager
def _receiver(calls: Calls) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            calls.received.append((self.headers["X-Vidset-Truth-Secret"], json.loads(data)))
            self.send_response(calls.status)
            for name, value in calls.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(calls.text)))
            self.end_headers()
            self.wfile.write(calls.text.encode())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/receive"
        server.shutdown()
        thread.join()


@pytest.fixture
def calls(monkeypatch) -> Calls:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Calls()


@pytest.fixture
def address(calls) -> Iterator[str]:
    with _receiver(calls) as address:
        yield address


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    os.utime(path, (1769860800, 1769860800.5))
    return path


def request(image_id: str = ID) -> Request:
    return Request(Image(image_id, "gs://images/a.jpg"), "https://images.test/a.jpg")


def test_a_task_is_answered_by_a_callback(file, calls, address):
    vendor = TruthVendor(str(file), address, SECRET)
    assert vendor.submit(request()) == f"truth-{ID}"
    [(secret, body)] = calls.received
    assert secret == SECRET
    assert body == LINE | {
        "annotation_id": f"truth-{ID}",
        "annotator": "truth",
        "updated_at": "2026-01-31T12:00:00.500000Z",
    }
    [report] = read_callback(body)
    assert report.answers == (
        answer(
            annotation_id=f"truth-{ID}",
            annotator="truth",
            updated_at=datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC),
            image_width=640,
            image_height=480,
        ),
    )
    assert (vendor.name, CALLBACK_HEADER) == ("truth", CALLBACKS["truth"].header)


def test_a_report_is_the_callbacks_answer_and_complete(file, calls, address):
    vendor = TruthVendor(str(file), address, SECRET)
    vendor.submit(request())
    [told] = read_callback(calls.received[0][1])
    report = vendor.report(ID, f"truth-{ID}")
    assert report.answers == told.answers
    assert report.answers[0].key == told.answers[0].key
    assert report.is_complete
    assert list(vendor.reports_since(datetime(2000, 1, 1, tzinfo=UTC))) == []


def test_an_image_that_the_file_does_not_know_is_refused(file, calls, address):
    vendor = TruthVendor(str(file), address, SECRET)
    reason = f"the truth file has nothing on image {OTHER}"
    with pytest.raises(RefusedError, match=reason):
        vendor.submit(request(OTHER))
    with pytest.raises(MissingTaskError, match=reason):
        vendor.report(OTHER, f"truth-{OTHER}")
    assert calls.received == []


@pytest.mark.parametrize(
    ("status", "headers", "text", "error", "told"),
    [
        pytest.param(
            400, {}, "no image", RefusedError, "HTTP 400: callback {}: no image", id="400"
        ),
        pytest.param(401, {}, "no", TryAgainError, "HTTP 401: callback {}: no", id="401"),
        pytest.param(500, {}, "oh", TryAgainError, "HTTP 500: callback {}: oh", id="500"),
        pytest.param(
            429, {"Retry-After": "7"}, "", TryAgainError, "HTTP 429: callback {}:", id="429"
        ),
        pytest.param(
            302, {"Location": "/x"}, "", TryAgainError, "HTTP 302: callback {}:", id="redirect"
        ),
        pytest.param(
            200,
            {"Content-Encoding": "gzip"},
            "no gzip",
            TryAgainError,
            "callback {}: DecodingError",
            id="no gzip",
        ),
    ],
)
def test_a_callback_that_fails_is_told(file, calls, address, status, headers, text, error, told):
    calls.status, calls.headers, calls.text = status, headers, text
    with pytest.raises(error) as raised:
        TruthVendor(str(file), address, SECRET).submit(request())
    assert str(raised.value).startswith(told.format(address))
    assert SECRET not in str(raised.value)
    if status == 429:
        assert raised.value.retry_after_seconds == 7


def test_nobody_there_to_call_back_is_tried_again(file, calls):
    with _receiver(calls) as address:
        pass
    with pytest.raises(TryAgainError, match=f"callback {address}: ConnectError"):
        TruthVendor(str(file), address, SECRET).submit(request())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n \n", id="blank lines"),
        pytest.param(json.dumps(LINE), id="no line break at the end"),
        pytest.param(f"\n{json.dumps(LINE)}\r\n\r\n", id="Windows"),
        pytest.param(
            json.dumps(
                LINE | objects(attributes={"said": "one\u2028two\x85three"}), ensure_ascii=False
            ),
            id="line separators in a text",
        ),
        pytest.param(
            json.dumps(LINE | {"annotation_id": 7, "updated_at": "never", "note": 1}),
            id="what is not taken from the file",
        ),
    ],
)
def test_a_truth_file_is_read(tmp_path, text):
    path = tmp_path / "truth.jsonl"
    path.write_text(text, encoding="utf-8", newline="")
    vendor = TruthVendor(str(path), "http://127.0.0.1:9", SECRET)
    if ID in text:
        assert vendor.report(ID, f"truth-{ID}").answers[0].image_width == 640
    else:
        with pytest.raises(MissingTaskError):
            vendor.report(ID, f"truth-{ID}")


@pytest.mark.parametrize(
    ("second", "told"),
    [
        pytest.param("{", "no answer to an image: Expecting", id="no JSON"),
        pytest.param("[1]", "no answer to an image: the answer: Input should be", id="list"),
        pytest.param("null", "no answer to an image: the answer: Input should be", id="null"),
        pytest.param("{}", "no answer to an image: image_id: Field required", id="empty"),
        pytest.param('{"image_id": 7, "objects": []}', "image_id: Input should be", id="number"),
        pytest.param('{"image_id": [], "objects": []}', "image_id: Input should be", id="a list"),
        pytest.param(json.dumps({"image_id": OTHER}), "objects: Field required", id="no objects"),
        pytest.param(
            json.dumps({"image_id": OTHER, "objects": [{"id": "1"}]}),
            "objects.0.label",
            id="object",
        ),
        pytest.param(
            json.dumps(LINE | {"image_id": OTHER, "image_width": float("nan")}),
            "image_width: Input should be",
            id="nan",
        ),
        pytest.param(json.dumps(LINE), f"image {ID} for the second time", id="twice"),
        pytest.param("[" * 100_000, "no answer to an image: maximum recursion", id="nested"),
    ],
)
def test_a_fault_in_the_truth_file_is_told_with_its_line(tmp_path, second, told):
    path = tmp_path / "truth.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n\n{second}\n")
    with pytest.raises(ValueError, match=f"{path}, line 3: ") as raised:
        TruthVendor(str(path), "http://127.0.0.1:9", SECRET)
    assert told in str(raised.value)


def test_a_truth_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe")
    for path in tmp_path / "none.jsonl", tmp_path, tmp_path / "latin.jsonl":
        with pytest.raises(ValueError, match=f"no truth file at {path}: "):
            TruthVendor(str(path), "http://127.0.0.1:9", SECRET)
