import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.labeling.annotation import Annotation, Answer, Box, LabeledObject, outline
from vidset.labeling.stores.store import Write
from vidset.labeling.timestamps import format_timestamp, now, parse_timestamp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CAR = LabeledObject(
    "1", "car", "box", Box(1.5, 2.0, 30.25, 4.0), attributes={"hidden": True, "of": ["a", "b"]}
)
LANE = LabeledObject("2", "lane", "polygon", rings=outline(((0.0, 1.0), (2.0, 3.5), (4.0, 5.0))))
RAIN = LabeledObject("3", "rain", "classification")
ANSWER = Answer(
    image_id="0" * 32,
    vendor="scale",
    vendor_task_id="t",
    annotation_id="a",
    annotator="ann",
    state="labeled",
    objects=(CAR, LANE, RAIN),
    updated_at=NOON,
    image_width=640,
    image_height=480,
)
ANNOTATION = Annotation(
    image_id="0" * 32,
    image_uri="gs://images/a/1/0000000000.jpg",
    image_width=640,
    image_height=None,
    objects=(CAR, LANE),
    vendor="scale",
    vendor_task_id=None,
    annotator="ann, bob",
    state="labeled",
    revision=3,
    updated_at=NOON,
    written_at=NOON + timedelta(microseconds=1),
)


def test_an_answers_document_has_maps_for_points_and_nulls_for_what_is_not_there():
    assert ANSWER.to_document() == {
        "image_id": "0" * 32,
        "vendor": "scale",
        "vendor_task_id": "t",
        "annotation_id": "a",
        "annotator": "ann",
        "state": "labeled",
        "objects": [
            {
                "id": "1",
                "label": "car",
                "type": "box",
                "box": {"x": 1.5, "y": 2.0, "width": 30.25, "height": 4.0},
                "rings": None,
                "mask": None,
                "attributes": {"hidden": True, "of": ["a", "b"]},
            },
            {
                "id": "2",
                "label": "lane",
                "type": "polygon",
                "box": None,
                "rings": [
                    {
                        "points": [
                            {"x": 0.0, "y": 1.0},
                            {"x": 2.0, "y": 3.5},
                            {"x": 4.0, "y": 5.0},
                        ],
                        "hole": False,
                    }
                ],
                "mask": None,
                "attributes": {},
            },
            {
                "id": "3",
                "label": "rain",
                "type": "classification",
                "box": None,
                "rings": None,
                "mask": None,
                "attributes": {},
            },
        ],
        "updated_at": NOON,
        "image_width": 640,
        "image_height": 480,
    }


def test_an_answer_and_an_annotation_come_back_from_a_store_as_they_were(store):
    store.commit([Write("answers", "a", ANSWER.to_document() | {"received_at": NOON})])
    store.commit([Write("annotations", "a", ANNOTATION.to_document())])
    answer, annotation = store.get(("answers", "a"), ("annotations", "a"))
    assert Answer.from_document(answer.document) == ANSWER
    assert Answer.from_document(answer.document).key == ANSWER.key
    assert Annotation.from_document(annotation.document) == ANNOTATION


def test_the_same_answer_has_the_same_key():
    assert ANSWER.key == "0" * 32 + "-" + ANSWER.key[33:]
    assert len(ANSWER.key) == 65
    other = {"of": ["a", "b"], "hidden": True}
    same = replace(ANSWER, objects=(replace(CAR, attributes=other), LANE, RAIN), annotator="x")
    assert same.key == ANSWER.key
    assert pickle.loads(pickle.dumps(ANSWER)).key == ANSWER.key  # noqa: S301


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"image_id": "1" * 32}, id="image"),
        pytest.param({"vendor": "truth"}, id="vendor"),
        pytest.param({"annotation_id": "b"}, id="annotation"),
        pytest.param({"updated_at": NOON + timedelta(microseconds=1)}, id="time"),
        pytest.param({"state": "skipped"}, id="state"),
        pytest.param({"objects": ()}, id="no objects"),
        pytest.param({"objects": (LANE, CAR, RAIN)}, id="order"),
        pytest.param({"objects": (replace(CAR, label="bus"), LANE, RAIN)}, id="label"),
        pytest.param(
            {"objects": (replace(CAR, attributes={"hidden": "True"}), LANE, RAIN)}, id="kind"
        ),
        pytest.param(
            {
                "objects": (
                    CAR,
                    replace(LANE, rings=outline(((0.0, 1.0), (2.0, 3.5), (4.0, 5.1)))),
                    RAIN,
                )
            },
            id="point",
        ),
    ],
)
def test_another_answer_has_another_key(change):
    assert replace(ANSWER, **change).key != ANSWER.key


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("lone \ud800 surrogate", id="no Unicode"),
        pytest.param("\0\n日本 😀", id="unicode"),
    ],
)
def test_an_answer_with_any_text_has_a_key(text):
    """Nobody has checked it by then."""
    attributes = {text: text}
    answer = replace(ANSWER, objects=(replace(CAR, label=text, attributes=attributes),))
    assert len(answer.key) == 65


moments = st.datetimes(timezones=st.timezones() | st.just(UTC))


@given(moments)
def test_a_time_comes_back_from_its_text(moment):
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:  # Year 0 or 10000 in UTC.
        return
    text = format_timestamp(moment)
    assert len(text) == 27
    assert parse_timestamp(text) == moment


@given(moments, moments)
def test_the_texts_of_times_sort_as_the_times(one, other):
    try:
        one, other = one.astimezone(UTC), other.astimezone(UTC)
    except OverflowError:
        return
    assert (format_timestamp(one) < format_timestamp(other)) == (one < other)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("2026-03-01T12:00:00Z", NOON, id="UTC"),
        pytest.param("2026-03-01T14:30:00+02:30", NOON, id="another zone"),
        pytest.param("2026-03-01 12:00:00.000000999Z", NOON, id="nanoseconds"),
        pytest.param(
            datetime(2026, 3, 1, 5, tzinfo=timezone(timedelta(hours=-7))), NOON, id="datetime"
        ),
    ],
)
def test_a_time_is_read_in_utc(value, moment):
    read = parse_timestamp(value)
    assert read == moment
    assert read.tzinfo is UTC


def test_firestores_own_time_is_read_as_a_plain_one():
    helpers = pytest.importorskip("google.api_core.datetime_helpers")
    read = parse_timestamp(helpers.DatetimeWithNanoseconds(2026, 3, 1, 12, tzinfo=UTC))
    assert type(read) is datetime
    assert read == NOON


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("yesterday", id="no time"),
        pytest.param("2026-03-01T12:00:00", id="no zone"),
        pytest.param("2026-03-01", id="a day"),
        pytest.param(datetime(2026, 3, 1, 12), id="datetime without zone"),
        pytest.param("2026-02-30T12:00:00Z", id="no such day"),
        pytest.param("0001-01-01T00:00:00+23:59", id="before all years"),
        pytest.param("9999-12-31T23:59:59-01:00", id="after all years"),
        pytest.param("\ud800", id="lone surrogate"),
    ],
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(ValueError, match=r"time|isoformat|day is out of range"):
        parse_timestamp(value)


def test_now_is_in_utc():
    assert now().tzinfo is UTC
    assert json.loads(json.dumps(format_timestamp(now())))[-1] == "Z"
