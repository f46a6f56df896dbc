import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.vendors.truth_examples import CALLBACK, ID, answer, objects
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.vendors.truth.answers import read_callback
from vidset.labeling.vendors.truth.declaration import TRUTH
from vidset.labeling.vendors.vendor import Report


def test_a_callback_in_its_documented_form_is_an_answer():
    [report] = read_callback(CALLBACK)
    assert report == Report(ID, f"truth-{ID}", "answered", (answer(),), raw=CALLBACK)
    assert TRUTH.callback.read(CALLBACK) == [report]


def test_a_callback_may_leave_out_what_is_not_known():
    body = {name: CALLBACK[name] for name in ("image_id", "annotation_id", "annotator")}
    [report] = read_callback(body | {"updated_at": "2026-01-31T12:00:00Z", "objects": []})
    assert report.answers == (answer(objects=(), image_width=None, image_height=None),)


@pytest.mark.parametrize("state", ["skipped", "rejected"])
def test_a_callback_may_tell_that_there_are_no_labels(state):
    [report] = read_callback(CALLBACK | {"state": state, "objects": []})
    assert report.answers == (answer(state=state, objects=()),)


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
