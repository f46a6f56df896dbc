"""CenterNet's targets, loss and decoding, against values worked out by hand."""

import math

import pytest
import torch

from vidset.training.models.centernet import CenterNet, Output, initialize
from vidset.training.models.heat import Box, find_boxes, loss, make_targets, radius
from vidset.training.models.recipes import CENTERNET_R18_256

GRID = (16, 24)
BOXES = [Box(0, 2.0, 3.0, 4.0, 6.0), Box(1, 12.25, 5.5, 8.5, 3.0)]


def perfect(boxes: list[Box], labels: int = 2) -> Output:
    """What a network would say that knows."""
    targets = make_targets([boxes], labels, GRID, 0.7)
    size, offset = torch.zeros(1, 2, *GRID), torch.zeros(1, 2, *GRID)
    for (_, row, column), sides, moved in zip(
        targets.places, targets.sizes, targets.offsets, strict=True
    ):
        size[0, :, row, column], offset[0, :, row, column] = sides, moved
    return Output(torch.logit(targets.heat.clamp(1e-4, 1 - 1e-4)), size, offset)


def iou(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of boxes given by left, top, right, bottom."""
    width = max(min(one[2], other[2]) - max(one[0], other[0]), 0)
    height = max(min(one[3], other[3]) - max(one[1], other[1]), 0)
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (one, other)]
    return width * height / (sum(areas) - width * height)


@pytest.mark.parametrize(
    "sides",
    [
        pytest.param((10, 10), id="square"),
        pytest.param((40, 25), id="wide"),
        pytest.param((12, 64), id="tall"),
        pytest.param((70, 70), id="large"),
        pytest.param((2, 2), id="tiny"),
    ],
)
def test_radius_is_the_most_that_keeps_the_overlap(sides):
    width, height = sides

    def least(r: int) -> float:
        box = (0, 0, width, height)
        moved = (
            (r, r, width + r, height + r),
            (r, r, width - r, height - r),
            (-r, -r, width + r, height + r),
        )
        return min(iou(box, each) for each in moved)

    found = radius(Box(0, 0, 0, width, height), 0.7)
    assert least(found) >= 0.7
    assert least(found + 1) < 0.7


def test_make_targets_marks_the_cell_of_a_centre_and_what_is_lost_of_it():
    targets = make_targets([[], BOXES], 2, GRID, 0.7)
    assert targets.heat.shape == (2, 2, 16, 24)
    # Centres: (4, 6) and (16.5, 7).
    assert targets.places.tolist() == [[1, 6, 4], [1, 7, 16]]
    assert targets.sizes.tolist() == [[4.0, 6.0], [8.5, 3.0]]
    assert targets.offsets.tolist() == [[0.0, 0.0], [0.5, 0.0]]
    assert (targets.heat == 1).nonzero().tolist() == [[1, 0, 6, 4], [1, 1, 7, 16]]
    assert targets.heat[0].sum() == 0


def test_make_targets_keeps_the_higher_of_two_gaussians():
    close = [Box(0, 0, 0, 20, 14), Box(0, 2, 0, 20, 14)]
    heat = make_targets([close], 1, GRID, 0.7).heat[0, 0]
    assert heat[7, 10] == heat[7, 12] == 1
    assert heat.max() == 1


def test_find_boxes_gives_back_what_targets_were_made_of():
    [found] = find_boxes(perfect(BOXES), most=100, least_score=0.5)
    for box, wanted in zip(sorted(found, key=lambda each: each.label), BOXES, strict=True):
        assert (box.label, box.x, box.y, box.width, box.height) == pytest.approx(
            (wanted.label, wanted.x, wanted.y, wanted.width, wanted.height), abs=1e-5
        )
        assert box.score == pytest.approx(1, abs=1e-3)


def test_find_boxes_gives_the_surest_first_and_no_more_than_asked():
    output = perfect(BOXES)
    output.heat[0, 0, 6, 4] = 0.0
    [found] = find_boxes(output, most=100, least_score=0.3)
    assert [(box.label, round(box.score, 3)) for box in found] == [(1, 1.0), (0, 0.5)]
    assert [len(boxes) for boxes in find_boxes(output, most=1, least_score=0.3)] == [1]


def test_loss_is_the_papers_for_values_worked_out_by_hand():
    rule = CENTERNET_R18_256["loss"]
    targets = make_targets([[Box(0, 0, 0, 2, 2)]], 1, (2, 2), 0.7)
    # Its radius is 0: the centre's cell is 1, the others are 0. The network says 1/2 everywhere.
    output = Output(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2))
    cell = 0.25 * math.log(2)
    # Four cells; sizes miss by 2 and 2, weighted by 0.1; offsets by 0 and 0.
    assert loss(output, targets, rule).item() == pytest.approx(4 * cell + 0.1 * 4, rel=1e-6)


def test_loss_punishes_a_false_alarm_near_a_centre_less():
    rule = CENTERNET_R18_256["loss"]
    boxes = [Box(0, 2, 0, 20, 16)]  # Its radius is 1.
    targets = make_targets([boxes], 1, GRID, 0.7)
    near, far = perfect(boxes, 1), perfect(boxes, 1)
    near.heat[0, 0, 8, 13], far.heat[0, 0, 2, 22] = 3.0, 3.0
    # (1 - e^-2)^4 = 0.56
    ratio = loss(near, targets, rule) / loss(far, targets, rule)
    assert ratio.item() == pytest.approx(0.56, abs=0.01)


def test_loss_of_an_image_without_objects_is_finite():
    targets = make_targets([[]], 1, GRID, 0.7)
    output = Output(*(torch.zeros(1, channels, *GRID) for channels in (1, 2, 2)))
    assert math.isfinite(loss(output, targets, CENTERNET_R18_256["loss"]).item())


def test_centernet_says_its_maps_at_a_quarter_of_the_picture_and_begins_sceptical():
    network = CenterNet(3, CENTERNET_R18_256["architecture"])
    initialize(network, CENTERNET_R18_256["initial"], torch.Generator().manual_seed(1))
    network.eval()
    with torch.inference_mode():
        output = network(torch.zeros(2, 3, 64, 96))
    assert [tuple(each.shape) for each in output] == [(2, c, 16, 24) for c in (3, 2, 2)]
    # 1 / (1 + e^2.19) = 0.1
    assert output.heat.sigmoid().mean().item() == pytest.approx(0.1, abs=0.01)
