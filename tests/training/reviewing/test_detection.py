import numpy as np

from vidset.training.reviewing.detection import draw_objects

YELLOW, GREEN = [240, 200, 40], [30, 160, 80]


def test_outlines_are_drawn_below_boxes():
    image = {
        "objects": [{"x": 2, "y": 2, "width": 10, "height": 10, "is": "found"}],
        "outlines": [{"label": "road", "rings": [[[20.0, 5.0], [30.0, 5.0], [30.0, 15.0]]]}],
    }
    drawn = draw_objects(np.zeros((24, 40, 3), np.uint8), image)
    assert drawn[5, 25].tolist() == drawn[10, 30].tolist() == YELLOW
    assert drawn[2, 5].tolist() == GREEN
    assert drawn[20, 20].tolist() == [0, 0, 0]


def test_findings_of_earlier_versions_have_no_outlines():
    drawn = draw_objects(np.zeros((4, 4, 3), np.uint8), {"objects": []})
    assert not drawn.any()
