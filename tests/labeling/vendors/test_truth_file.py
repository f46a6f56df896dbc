import json

import pytest

from tests.labeling.vendors.truth_examples import ID, LINE, OTHER, SECRET, objects
from vidset.labeling.vendors.truth.vendor import TruthVendor
from vidset.labeling.vendors.vendor import MissingTaskError


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
