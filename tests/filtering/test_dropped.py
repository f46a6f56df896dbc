"""The sheet of dropped samples."""

import cv2
import numpy as np
import pytest

from vidset.filtering.dropped import ACROSS, MOST, DroppedSheet


def picture(level: int, size: tuple[int, int] = (480, 270)) -> tuple[np.ndarray, np.ndarray]:
    width, height = size
    return (
        np.full((height, width), level, np.uint8),
        np.full((height // 2, width // 2, 2), 128, np.uint8),
    )


def levels(webp: bytes, cells: int) -> list[int]:
    """The grey in the middle of each thumbnail."""
    sheet = cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_GRAYSCALE)
    high, wide = sheet.shape[0] // -(-cells // ACROSS), sheet.shape[1] // ACROSS
    middles = (
        (at // ACROSS * high + high // 2, at % ACROSS * wide + wide // 2) for at in range(cells)
    )
    return [int(sheet[middle]) for middle in middles]


def test_thumbnails_stand_in_the_order_of_time():
    sheet = DroppedSheet()
    wanted = [10 * at for at in range(1, 19)]
    for level in wanted:
        sheet.add(*picture(level))
    webp = sheet.webp()
    assert webp is not None
    assert np.abs(np.subtract(levels(webp, 18), wanted)).max() <= 6


@pytest.mark.parametrize(
    ("dropped", "stride"),
    [
        pytest.param(MOST, 1, id="as many as there is room for"),
        pytest.param(MOST + 1, 2, id="one more"),
        pytest.param(3 * MOST, 4, id="three times as many"),
    ],
)
def test_of_many_each_second_or_fourth_is_shown(dropped, stride):
    sheet = DroppedSheet()
    for at in range(dropped):
        sheet.add(*picture(40 if at % stride == 0 else 200, (48, 28)))
    webp = sheet.webp()
    assert webp is not None
    cells = -(-dropped // stride)
    assert max(levels(webp, cells)) < 60
    assert sheet.count == dropped


def test_a_picture_on_its_side_and_a_change_of_size_have_their_room():
    sheet = DroppedSheet()
    sheet.add(*picture(100, (270, 480)))
    sheet.add(*picture(200, (480, 270)))
    webp = sheet.webp()
    assert webp is not None
    shown = cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (96, ACROSS * 54, 3)


def test_without_dropped_samples_there_is_no_sheet():
    assert DroppedSheet().webp() is None
