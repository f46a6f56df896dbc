import copy
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.annotation import Answer, Box, LabeledObject
from labeling.errors import InvalidAnswerError
from labeling.vendors.scale_answers import hypothesis, read_callback, read_task

SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Credential=me&X-Goog-Signature=5ec2e7"
BOX = {
    "type": "box",
    "label": "car",
    "left": 10,
    "top": 20.5,
    "width": 30,
    "height": 40,
    "uuid": "65ec1f52",
    "attributes": {"parked": "yes", "seen": ["left", "front"], "doors": 4, "old": None},
}
POLYGON = {
    "type": "polygon",
    "label": "road",
    "vertices": [{"x": 1, "y": 2}, {"x": 3.5, "y": 4}, {"x": 5, "y": 6}],
    "uuid": "7ab0",
}
TASK = {
    "task_id": "576ba74eec471ff9b01557cc",
    "created_at": "2026-06-23T09:09:34.752Z",
    "completed_at": "2026-06-23T09:10:02.798Z",
    "updated_at": "2026-06-23T09:10:03.001Z",
    "type": "imageannotation",
    "status": "completed",
    "unique_id": "a1b2",
    "metadata": {"image_id": "a1b2", "image_uri": "gs://b/a.jpg"},
    "params": {"attachment": SIGNED, "geometries": {"box": {}}},
    "response": {"annotations": [BOX, POLYGON], "global_attributes": {"whole_image": ["night"]}},
    "callback_succeeded": True,
}
DELETE = object()


def task_with(path, value):
    """The task with one field changed: `path` is of keys and indices."""
    task = copy.deepcopy(TASK)
    *way, last = path
    part = task
    for step in way:
        part = part[step]
    if value is DELETE:
        del part[last]
    else:
        part[last] = value
    return task


def callback(task):
    return {"task": task, "response": task.get("response"), "task_id": task["task_id"]}


def only_answer(task) -> Answer:
    (answer,) = read_task(task).answers
    return answer


def test_a_completed_task_is_answered():
    report = read_task(TASK)
    assert (report.image_id, report.vendor_task_id) == ("a1b2", "576ba74eec471ff9b01557cc")
    assert (report.state, report.is_complete, report.error) == ("answered", True, None)
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
                LabeledObject("7ab0", "road", "polygon", points=((1, 2), (3.5, 4), (5, 6))),
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


AUDITS = [
    {"audited_by": "ann@x.org", "audited_at": "2026-06-24T00:00:00Z", "audit_result": "fixed"},
    {"audited_by": "bob@x.org", "audited_at": "2026-06-23T00:00:00Z", "audit_result": "rejected"},
]


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


def test_a_report_holds_what_came_without_signatures():
    (report,) = read_callback(callback(TASK))
    assert report.raw == callback(
        task_with(["params", "attachment"], "https://storage.googleapis.com/b/a.jpg")
    )


FIRST = ["response", "annotations", 0]
SECOND = ["response", "annotations", 1]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param(["task_id"], DELETE, "task.task_id must be a text, got NoneType", id="no id"),
        pytest.param(["task_id"], 7, "task.task_id must be a text, got int", id="id a number"),
        pytest.param(["type"], "categorization", "task.type must be imageannotation, got 'categ",
                     id="another type of task"),
        pytest.param(["status"], "done", "task.status must be one of pending, completed, canceled",
                     id="unknown status"),
        pytest.param(["metadata"], [], "task.metadata must be an object, got list", id="metadata"),
        pytest.param(["unique_id"], "other", "task.unique_id and task.metadata.image_id differ",
                     id="two image ids"),
        pytest.param(["unique_id"], {}, "task.unique_id must be a text, got dict", id="image id"),
        pytest.param(["response"], DELETE, "task.response must be an object, got NoneType",
                     id="no response"),
        pytest.param(["response", "annotations"], None,
                     "task.response.annotations must be a list, got NoneType", id="no annotations"),
        pytest.param(FIRST, "car", r"task.response.annotations\[0\] must be an object, got 'car'",
                     id="an annotation a text"),
        pytest.param([*FIRST, "type"], "line", r"annotations\[0\].type must be box or polygon, got "
                     "'line'", id="line"),
        pytest.param([*FIRST, "type"], "cuboid", "got 'cuboid'", id="cuboid"),
        pytest.param([*FIRST, "type"], "point", "got 'point'", id="point"),
        pytest.param([*FIRST, "type"], "ellipse", "got 'ellipse'", id="ellipse"),
        pytest.param([*FIRST, "uuid"], "", r"\[0\].uuid must be a text, got ''", id="empty uuid"),
        pytest.param([*SECOND, "uuid"], "65ec1f52", "must each have a uuid of their own",
                     id="two of a uuid"),
        pytest.param([*FIRST, "label"], None, r"\[0\].label must be a text", id="no label"),
        pytest.param([*FIRST, "label"], "\ud800", r"\[0\].label must be Unicode", id="half"),
        pytest.param([*FIRST, "left"], "10", r"\[0\].left must be a finite number, got '10'",
                     id="left a text"),
        pytest.param([*FIRST, "left"], True, "left must be a finite number, got bool", id="bool"),
        pytest.param([*FIRST, "top"], math.nan, r"top must be a finite number, got float",
                     id="NaN"),
        pytest.param([*FIRST, "top"], -math.inf, "top must be a finite number", id="infinity"),
        pytest.param([*FIRST, "top"], 10**400, "top must be a finite number, got int", id="huge"),
        pytest.param([*FIRST, "width"], -1, r"\[0\].width must not be negative, got -1",
                     id="negative width"),
        pytest.param([*FIRST, "height"], DELETE, "height must be a finite number, got NoneType",
                     id="no height"),
        pytest.param([*FIRST, "rotation"], 0.5, "rotation must be 0", id="rotated"),
        pytest.param([*FIRST, "attributes"], [], r"\[0\].attributes must be an object", id="list"),
        pytest.param([*FIRST, "attributes", "parked"], {}, "attributes.parked must be a finite "
                     "number, got dict", id="an attribute an object"),
        pytest.param([*FIRST, "attributes", "seen"], ["a", 1],
                     r"attributes.seen\[1\] must be a text, got int", id="mixed choices"),
        pytest.param([*FIRST, "attributes", "doors"], math.inf, "attributes.doors must be a finite",
                     id="an infinite attribute"),
        pytest.param([*FIRST, "attributes", "\udc00"], 1, "a name in .* must be Unicode",
                     id="half a name"),
        pytest.param([*SECOND, "vertices"], [], r"\[1\].vertices must be 3 or more, got 0",
                     id="no vertices"),
        pytest.param([*SECOND, "vertices", 1], [3, 4],
                     r"\[1\].vertices\[1\] must be an object, got list", id="a pair"),
        pytest.param([*SECOND, "vertices", 2, "y"], None,
                     r"\[1\].vertices\[2\].y must be a finite number, got NoneType", id="no y"),
        pytest.param(["response", "global_attributes"], "night", "global_attributes must be an obj",
                     id="global attributes a text"),
        pytest.param(["response", "global_attributes", "whole_image"], [1],
                     r"global_attributes.whole_image\[0\] must be a text", id="a word a number"),
        pytest.param(["updated_at"], "yesterday", "task.updated_at must be a time with its zone, "
                     "got 'yesterday'", id="no time"),
        pytest.param(["completed_at"], "2026-01-01T00:00:00", "completed_at must be a time with",
                     id="no zone"),
        pytest.param(["completed_at"], "0001-01-01T00:00:00+23:00", "completed_at must be a time",
                     id="before the year 1"),
        pytest.param(["audits"], [1], r"task.audits\[0\] must be an object", id="audits"),
        pytest.param(["customer_review_status"], 1, "review_status must be a text", id="review"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_told_with_its_place(path, value, message):
    task = task_with(path, value)
    with pytest.raises(InvalidAnswerError, match=message) as caught:
        read_task(task)
    assert len(str(caught.value)) < 300
    body = {"task": task}
    with pytest.raises(InvalidAnswerError, match=message):
        read_callback(body)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"unique_id": None, "metadata": {}}, "image_id are missing", id="image id"),
        pytest.param({"completed_at": None, "updated_at": None}, "updated_at are missing",
                     id="times"),
    ],
)  # fmt: skip
def test_what_is_missing_in_both_of_its_places_is_told(changes, message):
    with pytest.raises(InvalidAnswerError, match=message):
        read_task(TASK | changes)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(None, "body must be an object, got NoneType", id="null"),
        pytest.param([TASK], "body must be an object, got list", id="list"),
        pytest.param({}, "body.task must be an object", id="empty"),
        pytest.param(TASK, "body.task must be an object", id="a bare task"),
        pytest.param({"task": TASK, "task_id": "other"}, "body.task_id is not of", id="two tasks"),
    ],
)
def test_a_body_that_is_no_callback_is_invalid(body, message):
    with pytest.raises(InvalidAnswerError, match=message):
        read_callback(body)


def test_an_error_holds_no_signature():
    path = [*FIRST, "attributes", "x" * 900 + SIGNED]
    for task in task_with([*FIRST, "left"], SIGNED), task_with(path, math.nan):
        with pytest.raises(InvalidAnswerError) as caught:
            read_task(task)
        assert "Credential" not in str(caught.value)


@pytest.mark.parametrize("place", ["task", "response", "metadata", "task_id", "other"])
def test_a_body_nested_deeply_is_invalid(place):
    deep = json.loads("[" * 900 + "]" * 900)
    for _ in range(100_000):
        deep = [deep]
    body = callback(TASK) | {"task": TASK | {place: deep}, place: deep}
    with pytest.raises(InvalidAnswerError):
        read_callback(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5)
    | st.sampled_from(
        [*TASK, *BOX, "completed", "box", "imageannotation", "0001-01-01T00:00+23:59"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*TASK, *BOX, "task", "annotations", "\ud800"]), inner)
    ),
    max_leaves=10,
)
PATHS = [
    *([name] for name in TASK),
    *(["metadata", name] for name in TASK["metadata"]),
    *(["response", name] for name in ("annotations", "global_attributes")),
    ["response", "global_attributes", "whole_image"],
    *([*FIRST, name] for name in BOX),
    *([*FIRST, "attributes", name] for name in BOX["attributes"]),
    *([*SECOND, name] for name in POLYGON),
    [*SECOND, "vertices", 0],
    [*SECOND, "vertices", 0, "x"],
]


def assert_read_or_invalid(body):
    try:
        reports = read_callback(body)
    except InvalidAnswerError:
        return
    for report in reports:
        for answer in report.answers:
            assert Answer.from_document(answer.to_document()) == answer
            assert answer.key.startswith(report.image_id)
            json.dumps(answer.to_document() | {"updated_at": ""}, allow_nan=False).encode()
        json.dumps(report.raw, ensure_ascii=False).encode()


@given(JSON)
def test_any_json_is_a_report_or_invalid(body):
    assert_read_or_invalid(body)


@given(st.sampled_from(PATHS), JSON)
def test_a_task_with_any_field_is_a_report_or_invalid(path, value):
    assert_read_or_invalid({"task": task_with(path, value)})


@given(JSON, JSON, JSON)
def test_a_task_with_any_other_field_is_a_report_or_invalid(audits, audited_at, other):
    audit = AUDITS[0] | {"audited_at": audited_at}
    assert_read_or_invalid({"task": TASK | {"audits": audits, "params": other}})
    assert_read_or_invalid({"task": TASK | {"audits": [audit, *AUDITS], "status": "completed"}})
    assert_read_or_invalid({"task": TASK | {"status": "error", "response": other}})


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
    points=st.lists(st.tuples(FINITE, FINITE), min_size=3, max_size=20).map(tuple),
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
        LabeledObject("2", "road", "polygon", points=((0, 0), (1, 0), (1, 1))),
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
