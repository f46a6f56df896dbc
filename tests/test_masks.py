import pytest

from tests.emulators.environments import python_for_test
from tests.mask_pictures import edge_cases, pictures, told_by
from tests.readers.environment import INSTALL_SECONDS, REQUIREMENTS
from vidset.masks import Mask


def test_masks_are_those_of_pycocotools_pixel_by_pixel(tmp_path):
    python = python_for_test("readers-of-exports", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    drawn = pictures(150)
    cases = [{"pixels": picture.astype(int).tolist()} for picture in drawn]
    for picture, told in zip(drawn, told_by(python, "coco", cases, tmp_path), strict=True):
        mask = Mask.of(picture)
        assert (mask.counts, mask.area) == (told["counts"], told["area"])
        left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
        assert [left, top, right - left, bottom - top] == told["box"]
        assert (mask.pixels() == picture).all()


@pytest.mark.parametrize("picture", edge_cases())
def test_counts_as_a_list_and_as_a_text_are_one_mask(picture):
    mask = Mask.of(picture)
    size = [picture.shape[0], picture.shape[1]]
    assert Mask.from_document({"size": size, "counts": mask.runs()}) == mask
    assert Mask.from_document(mask.to_document()) == mask


@pytest.mark.parametrize(
    ("runs", "same"),
    [
        pytest.param([0, 0, 6, 0, 6], [12], id="empty runs at the start"),
        pytest.param([3, 2, 0, 1, 6], [3, 3, 6], id="an empty run between"),
        pytest.param([12, 0], [12], id="an empty run at the end"),
    ],
)
def test_one_picture_has_one_text(runs, same):
    assert Mask.of_runs(3, 4, runs) == Mask.of_runs(3, 4, same)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param({"size": [4, 3], "counts": [5, 6]}, "come to 3 x 4 = 12 px, got 11", id="few"),
        pytest.param({"size": [4, 3], "counts": [-1, 13]}, "wanted a mask's runs", id="negative"),
        pytest.param({"size": [4, 3], "counts": [1.5, 10.5]}, "whole numbers", id="parts"),
        pytest.param({"size": [4, 3], "counts": "zz"}, "COCO's compressed counts", id="letters"),
        pytest.param({"size": [4, 3], "counts": ""}, "an empty text", id="empty"),
        pytest.param({"size": [4, 3], "counts": "oooooooo0"}, "a number too long", id="long"),
        pytest.param({"size": [4, 3], "counts": "é"}, "COCO's compressed counts", id="accent"),
        pytest.param({"size": [4, 3], "counts": None}, "as a text or list, got 'None'", id="none"),
        pytest.param({"size": [4], "counts": "0"}, r"as \[height, width\]", id="size"),
        pytest.param({"size": [10**6, 10**6], "counts": [10**12]}, "at most", id="a bomb"),
    ],
)
def test_a_damaged_mask_is_refused_with_what_was_wanted(document, reason):
    with pytest.raises(ValueError, match=reason):
        Mask.from_document(document)
