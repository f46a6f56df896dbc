import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest

from tests.emulators.handlers import Handler, serve_requests
from tests.labeling.vendors.truth_examples import ID, LINE, OTHER, SECRET, answer
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.task import Image
from vidset.labeling.vendors.truth.answers import CALLBACK_HEADER, read_callback
from vidset.labeling.vendors.truth.declaration import TRUTH
from vidset.labeling.vendors.truth.vendor import TruthVendor
from vidset.labeling.vendors.vendor import MissingTaskError, Request


class Calls:
    """What came back to the broker, and what it is to answer."""

    def __init__(self):
        self.received: list[tuple[str | None, dict]] = []
        self.status, self.headers, self.text = 200, {}, "{}"


def receiver(calls: Calls) -> AbstractContextManager[str]:
    def answer_call(request: Handler) -> None:
        secret, body = request.headers["X-Vidset-Truth-Secret"], request.body()
        calls.received.append((secret, json.loads(body)))
        request.reply(calls.status, calls.headers, calls.text.encode())

    return serve_requests(answer_call)


@pytest.fixture
def calls(monkeypatch) -> Calls:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Calls()


@pytest.fixture
def address(calls) -> Iterator[str]:
    with receiver(calls) as url:
        yield f"{url}/receive"


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
    assert (vendor.name, CALLBACK_HEADER) == ("truth", TRUTH.callback.header)


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
    with receiver(calls) as address:
        pass
    with pytest.raises(TryAgainError, match=f"callback {address}: ConnectError"):
        TruthVendor(str(file), address, SECRET).submit(request())
