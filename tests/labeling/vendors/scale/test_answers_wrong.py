import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.vendors.scale.tasks import (
    AUDITS,
    BOX,
    DELETE,
    FIRST,
    POLYGON,
    SECOND,
    SIGNED,
    TASK,
    callback,
    task_with,
)
from vidset.labeling.annotation import Answer
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.vendors.scale.answers import read_callback, read_task


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param(["task_id"], DELETE, "task.task_id must be a text, got None", id="no id"),
        pytest.param(["task_id"], 7, "task.task_id must be a text, got int", id="id a number"),
        pytest.param(["type"], "categorization", "task.type must be imageannotation, got 'categ",
                     id="another type of task"),
        pytest.param(["status"], "done", "task.status must be one of pending, completed, canceled",
                     id="unknown status"),
        pytest.param(["metadata"], [], "task.metadata must be an object, got list", id="metadata"),
        pytest.param(["unique_id"], "other", "task.unique_id and task.metadata.image_id differ",
                     id="two image ids"),
        pytest.param(["unique_id"], {}, "task.unique_id must be a text, got dict", id="image id"),
        pytest.param(["response"], DELETE, "task.response must be an object, got None",
                     id="no response"),
        pytest.param(["response", "annotations"], None,
                     "task.response.annotations must be a list, got None", id="no annotations"),
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
        pytest.param([*FIRST, "left"], True, "left must be a finite number, got True", id="bool"),
        pytest.param([*FIRST, "top"], math.nan, r"top must be a finite number, got nan",
                     id="NaN"),
        pytest.param([*FIRST, "top"], -math.inf, "top must be a finite number", id="infinity"),
        pytest.param([*FIRST, "top"], 10**400, "top must be a finite number, got int", id="huge"),
        pytest.param([*FIRST, "width"], -1, r"\[0\].width must not be negative, got -1",
                     id="negative width"),
        pytest.param([*FIRST, "height"], DELETE, "height must be a finite number, got None",
                     id="no height"),
        pytest.param([*FIRST, "rotation"], "1", "rotation must be a", id="rotated"),
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
                     r"\[1\].vertices\[2\].y must be a finite number, got None", id="no y"),
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
        pytest.param(None, "body must be an object, got None", id="null"),
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
