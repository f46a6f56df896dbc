import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.vendors.scale.tasks import (
    AUDITS,
    BOX,
    DELETE,
    FIRST,
    SIGNED,
    TASK,
    callback,
    task_with,
)
from vidset.labeling.annotation import Answer, Box, LabeledObject, outline
from vidset.labeling.vendors.scale.answers import hypothesis, read_callback, read_task
from vidset.masks import Mask


def only_answer(task) -> Answer:
    (answer,) = read_task(task).answers
    return answer


def test_a_completed_task_is_answered():
    report = read_task(TASK)
    assert (report.image_id, report.vendor_task_id) == ("a1b2", "576ba74eec471ff9b01557cc")
    assert (report.state, report.is_complete, report.error) == ("answered", False, None)
    assert report.answers == (
        Answer(
            image_id="a1b2",
            vendor="scale",
            vendor_task_id="576ba74eec471ff9b01557cc",
            annotation_id="576ba74eec471ff9b01557cc",
            annotator="scale",
            state="labeled",
            objects=(
                LabeledObject(
                    "65ec1f52",
                    "car",
                    "box",
                    Box(10, 20.5, 30, 40),
                    attributes={"parked": "yes", "seen": ["left", "front"], "doors": 4},
                ),
                LabeledObject("7ab0", "road", "polygon", rings=outline(((1, 2), (3.5, 4), (5, 6)))),
                LabeledObject("whole_image:night", "night", "classification"),
            ),
            updated_at=datetime(2026, 6, 23, 9, 10, 3, 1000, UTC),
        ),
    )


def test_a_callback_says_the_same_but_not_that_it_is_all():
    (report,) = read_callback(callback(TASK))
    assert not report.is_complete
    assert report.answers == read_task(TASK).answers


def test_a_callback_may_have_its_response_beside_the_task():
    body = callback(TASK)
    body["task"] = task_with(["response"], DELETE)
    (report,) = read_callback(body)
    assert report.answers == read_task(TASK).answers


def test_an_answer_without_objects_is_one():
    answer = only_answer(task_with(["response"], {"annotations": []}))
    assert (answer.state, answer.objects) == ("labeled", ())


@pytest.mark.parametrize(
    ("completed_at", "updated_at", "newer"),
    [
        pytest.param("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", 2, id="completed"),
        pytest.param("2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", 3, id="updated"),
        pytest.param("2026-01-02T00:00:00Z", None, 2, id="completed only"),
        pytest.param(None, "2026-01-02T23:00:00-02:00", 3, id="updated only, another zone"),
    ],
)
def test_an_answer_is_of_the_newer_time(completed_at, updated_at, newer):
    answer = only_answer(TASK | {"completed_at": completed_at, "updated_at": updated_at})
    assert answer.updated_at.day == newer
    assert answer.updated_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("status", "state"), [("pending", "open"), ("canceled", "cancelled"), ("error", "failed")]
)
def test_a_task_without_an_answer_tells_its_state(status, state):
    report = read_task(TASK | {"status": status})
    assert (report.state, report.answers) == (state, ())


@pytest.mark.parametrize(
    ("response", "error"),
    [
        pytest.param({"error": "no image"}, "no image", id="text"),
        pytest.param(
            {"error": f"cannot read {SIGNED}"},
            "cannot read https://storage.googleapis.com/b/a.jpg",
            id="signed url",
        ),
        pytest.param({"code": 7}, '{"code": 7}', id="something else"),
        pytest.param({"error": "half \ud800"}, "half ?", id="half a character"),
        pytest.param(None, "Scale gives no reason", id="nothing"),
    ],
)
def test_a_failed_task_tells_why(response, error):
    assert read_task(TASK | {"status": "error", "response": response}).error == error


@pytest.mark.parametrize(
    ("review", "state", "annotator"),
    [
        pytest.param({"customer_review_status": "accepted"}, "labeled", "scale", id="accepted"),
        pytest.param({"customer_review_status": "fixed"}, "labeled", "scale", id="fixed"),
        pytest.param({"customer_review_status": "pending"}, "labeled", "scale", id="pending"),
        pytest.param({"customer_review_status": "rejected"}, "rejected", "scale", id="rejected"),
        pytest.param({"customer_review_status": None}, "labeled", "scale", id="null"),
        pytest.param({"audits": []}, "labeled", "scale", id="no audits"),
        pytest.param({"audits": AUDITS}, "labeled", "ann@x.org", id="fixed after a rejection"),
        pytest.param({"audits": AUDITS[1:]}, "rejected", "scale", id="rejected in an audit"),
        pytest.param(
            {"audits": AUDITS, "customer_review_status": "rejected"},
            "rejected",
            "ann@x.org",
            id="the customer's word counts",
        ),
    ],
)
def test_a_review_decides_on_the_answer(review, state, annotator):
    answer = only_answer(TASK | review)
    assert (answer.state, answer.annotator) == (state, annotator)


@pytest.mark.parametrize(
    "path", [["unique_id"], ["metadata", "image_id"], ["metadata"]], ids=lambda path: path[-1]
)
def test_one_of_the_two_places_of_the_image_id_is_enough(path):
    assert read_task(task_with(path, DELETE)).image_id == "a1b2"


def test_fields_beside_those_needed_do_not_matter():
    task = TASK | {"new": {"deep": [None]}, "is_test": 5, "tags": None}
    task["response"] = TASK["response"] | {"links": [], "annotations": [BOX | {"confidence": "?"}]}
    assert only_answer(task).objects[0].id == "65ec1f52"


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**300])
def test_an_integer_that_no_store_holds_is_a_float(number):
    drawn = only_answer(task_with([*FIRST, "attributes", "doors"], number)).objects[0]
    assert drawn.attributes["doors"] == float(number)
    assert type(drawn.attributes["doors"]) is float


def test_a_report_holds_what_came_without_signatures():
    (report,) = read_callback(callback(TASK))
    assert report.raw == callback(
        task_with(["params", "attachment"], "https://storage.googleapis.com/b/a.jpg")
    )


FINITE = st.floats(allow_nan=False, allow_infinity=False)
SIZE = st.floats(0, 1e300)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
ATTRIBUTES = st.dictionaries(
    NAME,
    NAME | st.booleans() | FINITE | st.integers(-(2**63) + 1, 2**63 - 1) | st.lists(NAME),
    max_size=3,
)
BOXES = st.builds(
    LabeledObject,
    id=NAME,
    label=NAME,
    type=st.just("box"),
    box=st.builds(Box, FINITE, FINITE, SIZE, SIZE),
    attributes=ATTRIBUTES,
)
POLYGONS = st.builds(
    LabeledObject,
    id=NAME,
    label=NAME,
    type=st.just("polygon"),
    rings=st.lists(st.tuples(FINITE, FINITE), min_size=3, max_size=20).map(outline),
    attributes=ATTRIBUTES,
)


@given(st.lists(BOXES | POLYGONS, max_size=5, unique_by=lambda item: item.id))
def test_boxes_and_polygons_come_back_from_a_hypothesis_as_they_were(objects):
    response = json.loads(json.dumps(hypothesis(objects)))
    for annotation, item in zip(response["annotations"], objects, strict=True):
        annotation["uuid"] = item.id
    assert only_answer(TASK | {"response": response}).objects == tuple(objects)


def test_a_hypothesis_has_the_form_of_a_response():
    objects = [
        LabeledObject("1", "car", "box", Box(1, 2, 3, 4), attributes={"parked": "yes"}),
        LabeledObject("2", "road", "polygon", rings=outline(((0, 0), (1, 0), (1, 1)))),
        LabeledObject("3", "night", "classification"),
    ]
    assert hypothesis(objects) == {
        "annotations": [
            {
                "type": "box",
                "label": "car",
                "left": 1,
                "top": 2,
                "width": 3,
                "height": 4,
                "attributes": {"parked": "yes"},
            },
            {
                "type": "polygon",
                "label": "road",
                "vertices": [{"x": 0, "y": 0}, {"x": 1, "y": 0}, {"x": 1, "y": 1}],
                "attributes": {},
            },
        ],
        "global_attributes": {"whole_image": ["night"]},
    }


def test_a_turned_box_is_told_by_its_radians_and_its_corners():
    item = LabeledObject("1", "ship", "rotated_box", box=Box(10.0, 20.0, 40.0, 10.0, 30.0))
    response = json.loads(json.dumps(hypothesis([item])))
    [annotation] = response["annotations"]
    assert (annotation["type"], annotation["rotation"]) == ("box", pytest.approx(0.5235988))
    # Scale's left and top are those before it was turned, about whatever point.
    annotation |= {"uuid": "1", "left": 0, "top": 0}
    [back] = only_answer(TASK | {"response": response}).objects
    assert (back.type, back.box and back.box.angle) == ("rotated_box", pytest.approx(30))
    assert back.box is not None
    assert (back.box.x, back.box.y) == pytest.approx((10, 20))


@pytest.mark.parametrize(
    ("item", "got"),
    [
        pytest.param(
            LabeledObject("1", "sky", "mask", mask=Mask.of(np.ones((2, 2)))), "a mask", id="mask"
        ),
        pytest.param(
            LabeledObject("1", "road", "polygon", rings=outline(((0, 0), (1, 0), (1, 1))) * 2),
            "a polygon of 2 rings",
            id="rings",
        ),
    ],
)
def test_what_scale_cannot_show_is_refused(item, got):
    with pytest.raises(ValueError, match=f"a polygon of one ring, got {got}"):
        hypothesis([item])
