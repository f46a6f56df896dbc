"""A team's function has the last word on the objects of each image."""

import json
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pyarrow as pa
import pytest

from tests.training.scoring.test_segmentation import table
from vidset.datasets.errors import DatasetError
from vidset.training.running import postprocessing
from vidset.training.running.postprocessing import open_postprocessing, postprocessed

BOX = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0}
FOUND = [{"label": "plate", "box": BOX, "score": 0.9}, {"label": "car", "box": BOX, "score": 0.8}]


def read_plates(things, picture):
    """Keep the plates, each with the text that its picture shows."""
    return [
        each | {"text": f"level {picture.max()}"} for each in things if each["label"] == "plate"
    ]


def predictions() -> pa.Table:
    return table(("[]", json.dumps(FOUND)), ("[]", "[]"))


def test_each_image_goes_through_the_function_of_a_package(monkeypatch):
    point = EntryPoint("plates", f"{__name__}:read_plates", postprocessing.GROUP)
    monkeypatch.setattr(postprocessing, "entry_points", lambda group: EntryPoints([point]))
    pictures = [np.full((4, 4, 3), level, np.uint8) for level in (7, 9)]
    done = postprocessed(predictions(), pictures, open_postprocessing("plates"), "plates")
    assert done.drop_columns("predicted").equals(predictions().drop_columns("predicted"))
    assert [json.loads(text) for text in done["predicted"].to_pylist()] == [
        [FOUND[0] | {"text": "level 7"}],
        [],
    ]
    with pytest.raises(DatasetError, match=r"unknown function 'plate'\. Did you mean 'plates'"):
        open_postprocessing("plate")


def test_an_unknown_function_is_refused():
    with pytest.raises(DatasetError, match=r"--postprocess: unknown function 'x' \(no package"):
        open_postprocessing("x")


@pytest.mark.parametrize(
    ("result", "said"),
    [
        pytest.param(
            None, "wanted a list of objects from --postprocess f, got NoneType", id="none"
        ),
        pytest.param([{"label": "a"}], "wanted objects with a box", id="no box"),
        pytest.param([{"box": BOX}], "wanted an object with a label", id="no label"),
        pytest.param([{"label": "a", "box": {"x": 1}}], "and numbers x, y", id="no width"),
        pytest.param(
            [{"label": "a", "box": BOX, "line": np.int64(3)}],
            "wanted objects that JSON can hold: .* int64",
            id="NumPy",
        ),
    ],
)
def test_what_is_no_list_of_objects_is_refused_with_its_image(result, said):
    pictures = [np.zeros((4, 4, 3), np.uint8)] * 2
    with pytest.raises(DatasetError, match=rf"0\.png.*{said}"):
        postprocessed(predictions(), pictures, lambda things, picture: result, "f")
