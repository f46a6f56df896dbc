from datetime import UTC, datetime

import pytest

from tests.labeling.vendors.scale.double import scale_double
from tests.labeling.vendors.scale.double_state import Failure
from tests.labeling.vendors.scale.vendors import open_vendor, request_for, tasks_of
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.task import Image
from vidset.labeling.vendors.scale import vendor as scale

pytestmark = pytest.mark.emulator

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Failure(status=500, after=True), id="500"),
        pytest.param(Failure(status=504, after=True), id="504"),
        pytest.param(Failure("close", after=True), id="closed connection"),
        pytest.param(Failure("hang", after=True), id="silence"),
        pytest.param(Failure("malformed", message="OK", after=True), id="no JSON"),
    ],
)
def test_submit_finds_the_task_that_was_made_before_a_failure(
    double, vendor, image, failure, monkeypatch
):
    monkeypatch.setattr(scale, "READ_SECONDS", 0.3)
    double.fail(failure)
    with pytest.raises(TryAgainError):
        vendor.submit(request_for(image))
    (made,) = tasks_of(double, image)
    assert vendor.submit(request_for(image)) == made["task_id"]
    assert len(tasks_of(double, image)) == 1


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        pytest.param(Failure(status=429, retry_after="7"), 7.0, id="429 with a wait"),
        pytest.param(Failure(status=429), None, id="429"),
        pytest.param(Failure(status=408), None, id="408"),
        pytest.param(Failure(status=500), None, id="500"),
        pytest.param(Failure(status=503, retry_after="120"), 120.0, id="503 with a wait"),
        pytest.param(Failure(status=302), None, id="redirect"),
        pytest.param(Failure("close"), None, id="closed connection"),
        pytest.param(Failure("malformed", message="{'task_id':"), None, id="broken JSON"),
        pytest.param(Failure("malformed", message="[1]"), None, id="a list"),
        pytest.param(Failure("malformed", message='{"status": "pending"}'), None, id="no task id"),
        pytest.param(Failure("malformed", message="[" * 100_000), None, id="deep JSON"),
    ],
)
@pytest.mark.parametrize("call", ["submit", "report", "reports_since"])
def test_a_failure_that_may_pass_is_told_as_one(double, vendor, image, failure, seconds, call):
    task_id = vendor.submit(request_for(image)) if call == "report" else ""
    calls = {
        "submit": lambda: vendor.submit(request_for(image)),
        "report": lambda: vendor.report(image.id, task_id),
        "reports_since": lambda: list(vendor.reports_since(LONG_AGO)),
    }
    double.fail(failure)
    with pytest.raises(TryAgainError) as caught:
        calls[call]()
    assert caught.value.retry_after_seconds == seconds
    assert len(str(caught.value)) < 2000


def test_a_date_to_retry_after_is_a_wait(double, vendor, image):
    double.fail(Failure(status=429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"))
    with pytest.raises(TryAgainError) as caught:
        vendor.submit(request_for(image))
    assert caught.value.retry_after_seconds == 0.0


def test_a_failure_names_the_image_and_what_scale_says(double, vendor, image):
    double.fail(Failure(status=400, message="bad geometry"))
    with pytest.raises(RefusedError) as caught:
        vendor.submit(request_for(image))
    assert str(caught.value) == (
        f"HTTP 400: Scale, POST task/imageannotation of image {image.id}: bad geometry"
    )


def test_silence_is_given_up(double, vendor, image, monkeypatch):
    monkeypatch.setattr(scale, "READ_SECONDS", 0.3)
    double.fail(Failure("hang"))
    with pytest.raises(TryAgainError, match=r"timed out.*read timeout=0\.3"):
        vendor.submit(request_for(image))


def test_a_server_that_is_not_there_is_tried_again(image):
    with scale_double() as gone:
        vendor = open_vendor(gone.url)
    with pytest.raises(TryAgainError, match="refused"):
        vendor.submit(request_for(image))


def test_submit_is_not_repeated_by_the_client(double, vendor, image):
    before = double.stats()["requests"].get("POST task", 0)
    double.fail(Failure(status=503, times=5))
    with pytest.raises(TryAgainError):
        vendor.submit(request_for(image))
    assert double.stats()["requests"]["POST task"] == before + 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_is_told_as_one(double, vendor, image, status):
    double.fail(Failure(status=status, message="no"))
    with pytest.raises(RefusedError, match=rf"HTTP {status}: .* no$"):
        vendor.submit(request_for(image))


def test_a_wrong_key_is_told_and_is_no_fault_of_the_task(double, image):
    with pytest.raises(TryAgainError, match=r"HTTP 401: .*No valid API key"):
        open_vendor(double.url, api_key="other").submit(request_for(image))


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Failure(status=400), id="400"),
        pytest.param(Failure(status=500), id="500"),
        pytest.param(Failure("malformed"), id="no JSON"),
    ],
)
@pytest.mark.parametrize(
    "message",
    [
        pytest.param("cannot fetch {attachment}", id="whole"),
        pytest.param('"{attachment}"', id="quoted"),
        pytest.param("x" * 940 + "{attachment}", id="at the cut"),
    ],
)
@pytest.mark.parametrize("name", ["a.jpg", "my drive.jpg", "o'brien.jpg"])
def test_no_signature_gets_into_an_error(double, vendor, image, failure, message, name):
    failure.message = message
    image = Image(image.id, f"gs://images/{name}")
    double.fail(failure)
    with pytest.raises((RefusedError, TryAgainError)) as caught:
        vendor.submit(request_for(image))
    told = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    assert "Signature" not in told
    assert "Credential" not in told


def test_failures_by_chance_are_the_same_with_the_same_seed(double, vendor):
    def failed(round_):
        double.fail(Failure(status=500, times=100, probability=0.3), seed=7)
        outcomes = []
        for number in range(40):
            image = Image(f"chance {round_} {number}", f"gs://images/{round_}/{number}.jpg")
            try:
                vendor.submit(request_for(image))
            except TryAgainError:
                outcomes.append(number)
        return outcomes

    first = failed(1)
    assert 3 < len(first) < 25
    assert failed(2) == first


def test_a_redirect_is_not_followed(double, vendor, image):
    other = vendor.submit(request_for(image))
    double.fail(Failure(status=302, location=f"/v1/task/{other}"))
    with pytest.raises(TryAgainError, match="HTTP 302"):
        vendor.submit(request_for(Image("redirected", "gs://images/redirected.jpg")))
