import pytest

from tests.datasets.pictures import image
from tests.datasets.rows import Row, manifest_of
from vidset.datasets.versions.evaluation_id import evaluation_id

CAR = {"id": "1", "label": "car", "type": "box", "box": {"x": 1, "y": 1, "width": 5, "height": 5}}
MOVED = {**CAR, "id": "9", "box": {"x": 7, "y": 2, "width": 3, "height": 3}}
BUS = {**CAR, "id": "2", "label": "bus"}


def id_of(label="a", objects=None, uri="u"):
    return evaluation_id(manifest_of([Row(uri, image(1), label=label, objects=objects)])[0])


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param({}, {"label": "b"}, False, id="another label"),
        pytest.param({}, {"uri": "v"}, False, id="another name"),
        pytest.param({"objects": [CAR]}, {"objects": [MOVED]}, True, id="moved by a recipe"),
        pytest.param({"objects": [CAR]}, {"objects": [CAR, MOVED]}, False, id="one more"),
        pytest.param({"objects": [CAR, BUS]}, {"objects": [BUS, CAR]}, True, id="another order"),
        pytest.param({"objects": [CAR]}, {"objects": [BUS]}, False, id="another object"),
        pytest.param({"objects": []}, {"objects": None}, True, id="a class alone"),
    ],
)
def test_evaluation_id_tells_what_images_are_said_to_show(one, other, is_same):
    assert (id_of(**one) == id_of(**other)) is is_same
