import pytest

from vidset.datasets.curation.misfit import misfit
from vidset.datasets.curation.sources.source import Found
from vidset.datasets.versions.entry import label_names


def box(x, y, width, height):
    return {
        "id": "1",
        "label": "car",
        "type": "box",
        "box": {"x": x, "y": y, "width": width, "height": height},
        "points": None,
    }


def polygon(*points):
    corners = [{"x": x, "y": y} for x, y in points]
    return {"id": "2", "label": "road", "type": "polygon", "box": None, "points": corners}


def fault_of(*objects, size=None):
    return misfit(Found("a.png", bytes, "coco", objects=list(objects), size=size), 32, 24)


@pytest.mark.parametrize(
    "thing",
    [
        pytest.param(box(0, 0, 32, 24), id="the whole image"),
        pytest.param(box(-1, -0.5, 33.9, 25), id="out by a pixel"),
        pytest.param(polygon((0, 0), (31.5, 0), (10, 23)), id="polygon"),
        pytest.param({"label": "rain", "type": "classification"}, id="no shape"),
    ],
)
def test_what_is_inside_the_image_fits(thing):
    assert fault_of(thing, size=(32, 24)) is None


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        pytest.param(
            box(20, 0, 20, 10),
            "object 1 (car): wanted it inside 32 x 24 pixels, got 20, 0 to 40, 10",
            id="beyond the right edge",
        ),
        pytest.param(
            box(-5, 0, 20, 10),
            "object 1 (car): wanted it inside 32 x 24 pixels, got -5, 0 to 15, 10",
            id="beyond the left edge",
        ),
        pytest.param(
            box(3, 4, 0, 10),
            "object 1 (car): wanted a shape with an area, got 3, 4 to 3, 14",
            id="empty",
        ),
        pytest.param(
            box(float("nan"), 4, 1, 10), "object 1 (car): wanted finite numbers", id="no number"
        ),
        pytest.param(
            polygon((0, 0), (5, 0), (9, 0)),
            "object 2 (road): wanted a shape with an area, got 0, 0 to 9, 0",
            id="polygon that is a line",
        ),
    ],
)
def test_what_is_not_is_told(thing, message):
    assert message in str(fault_of(thing))


def test_labels_of_an_image_of_another_size_do_not_fit():
    told = "labeled as an image of 24 x 32 pixels, got 32 x 24"
    assert fault_of(size=(24, 32)) == told


def test_the_names_are_the_class_and_the_objects_labels():
    assert label_names("wet", '[{"label":"car"},{"label":"bus"},{"label":"car"}]') == [
        "bus",
        "car",
        "wet",
    ]
    assert label_names("wet", None) == ["wet"]
    assert label_names(None, "[]") == []
