import numpy as np
import pytest

from tests.emulators.environments import python_for_test
from tests.emulators.label_studio import INSTALL_SECONDS as LABEL_STUDIO_SECONDS
from tests.emulators.label_studio import REQUIREMENTS as LABEL_STUDIO
from tests.mask_pictures import disc, pictures, told_by
from vidset.labeling.vendors.label_studio.brush import from_brush, to_brush
from vidset.masks import Mask


def test_brushes_are_read_and_written_as_by_label_studios_converter(tmp_path):
    python = python_for_test("label-studio", LABEL_STUDIO, LABEL_STUDIO_SECONDS)
    drawn = pictures(60)
    cases = [
        {"pixels": picture.astype(int).tolist(), "rle": to_brush(picture)} for picture in drawn
    ]
    for picture, told in zip(drawn, told_by(python, "brush", cases, tmp_path), strict=True):
        height, width = picture.shape
        assert told["read"] == picture.tolist()
        assert (from_brush(told["written"], width, height) == picture).all()


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        pytest.param([0, 1, 2], "cut off", id="short"),
        pytest.param(to_brush(np.ones((4, 4), bool)), "3 x 4 px, 48 values, got 64", id="size"),
        pytest.param([256, 0], "numbers from 0 to 255", id="large"),
        pytest.param(["a"], "numbers from 0 to 255", id="texts"),
        pytest.param(to_brush(np.ones((4, 3), bool))[:-2], "cut off", id="without its end"),
    ],
)
def test_a_damaged_brush_is_refused_with_what_was_wanted(numbers, reason):
    with pytest.raises(ValueError, match=reason):
        from_brush(numbers, 3, 4)


def test_a_large_mask_comes_back_from_a_brush():
    picture = disc()
    mask = Mask.of(picture)
    assert (from_brush(to_brush(mask.pixels()), 1920, 1080) == picture).all()
