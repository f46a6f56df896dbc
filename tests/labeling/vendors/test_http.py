import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.vendors.http import raise_for_status, retry_after_seconds

SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Credential=me&X-Goog-Signature=5ec2e7"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
        pytest.param("0", 0.0, id="now"),
        pytest.param(" 120 ", 120.0, id="seconds"),
        pytest.param("9" * 400, 86_400.0, id="more seconds than there are"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("²", None, id="a digit of another script"),
        pytest.param("soon", None, id="a word"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0.0, id="a date gone by"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 -0000", 0.0, id="a date without a zone"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0, id="a date far off"),
        pytest.param("Fri, 99 Dec 2100 99:99:99 GMT", None, id="no such date"),
    ],
)
def test_retry_after_reads_seconds_and_dates(header, seconds):
    assert retry_after_seconds(header) == seconds


def test_retry_after_counts_from_now_to_a_date():
    date = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    seconds = retry_after_seconds(date)
    assert seconds is not None
    assert 80 < seconds <= 90


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ [\d:]{0,12} [+-]?\w{0,9}"))
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Sat, 01 Jan 0001 00:00:00 +2359")
def test_retry_after_takes_any_text(header):
    seconds = retry_after_seconds(header)
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize("status", [200, 201, 204])
def test_raise_for_status_passes_a_success(status):
    assert raise_for_status(status, None, "made") is None


@pytest.mark.parametrize("status", [400, 404, 410, 413, 422])
def test_raise_for_status_tells_a_refusal(status):
    with pytest.raises(RefusedError, match=f"^HTTP {status}: task a: bad geometry$"):
        raise_for_status(status, "3", "task a: bad geometry")


@pytest.mark.parametrize("status", [302, 408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_raise_for_status_tells_what_may_come_right(status):
    with pytest.raises(TryAgainError, match=f"^HTTP {status}: task a: busy$") as caught:
        raise_for_status(status, "3", "task a: busy")
    assert caught.value.retry_after_seconds == 3.0


@pytest.mark.parametrize("status", [401, 402, 403])
def test_raise_for_status_does_not_blame_the_task_for_a_wrong_key(status):
    with pytest.raises(TryAgainError, match=f"^HTTP {status}: no valid key$") as caught:
        raise_for_status(status, None, "no valid key")
    assert caught.value.retry_after_seconds == 300.0


def test_raise_for_status_knows_no_wait_when_none_was_asked_for():
    with pytest.raises(TryAgainError) as caught:
        raise_for_status(503, None, "busy")
    assert caught.value.retry_after_seconds is None


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("before", [0, 925, 960, 990, 5000])
def test_raise_for_status_never_repeats_a_signature(status, before):
    with pytest.raises((RefusedError, TryAgainError)) as caught:
        raise_for_status(status, None, "x" * before + f" cannot read {SIGNED}")
    assert "Credential" not in str(caught.value)
    assert "5ec2" not in str(caught.value)


def test_raise_for_status_cuts_a_page_short():
    with pytest.raises(TryAgainError) as caught:
        raise_for_status(502, None, "<html>" + "x" * 100_000)
    assert len(str(caught.value)) < 1100
