from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from tests.cli.ledger_rows import frame_row
from vidset.demo.contact_sheet import choose, thumbnails, write_contact_sheet
from vidset.demo.sheet_drawing import Layout, draw_sheet
from vidset.elements import FrameRow

GREEN, BLUE, VIOLET = (62, 207, 122), (122, 150, 190), (164, 120, 232)


def row(pts_seconds: float, reason: str = "kept", **values) -> FrameRow:
    shown = {"kept": reason == "kept", "reason": reason, "ssim": 0.93, "local_change": 4.0}
    return frame_row(pts_seconds=pts_seconds, **shown | values)


@dataclass
class FakeFrame:
    pts_seconds: float
    width: int = 640
    height: int = 360
    level: int = 200

    def rgb(self) -> np.ndarray:
        return np.full((self.height, self.width, 3), self.level, np.uint8)


def sheet(rows, shown=None, frames=()):
    shown = list(range(len(rows))) if shown is None else shown
    layout = Layout.of(len(shown), 16 / 9)
    pictures = thumbnails(frames, rows, layout.picture_size)
    return draw_sheet("v.mp4", "how", rows, shown, pictures, layout), layout


@pytest.mark.parametrize(
    ("tiles", "aspect", "size"),
    [
        pytest.param(1, 16 / 9, (1278, 387), id="one"),
        pytest.param(5, 16 / 9, (1278, 614), id="five"),
        pytest.param(48, 16 / 9, (1782, 1216), id="the drive"),
        pytest.param(240, 16 / 9, (1978, 4048), id="as many as there may be"),
        pytest.param(5, 9 / 16, (1278, 938), id="upright"),
    ],
)
def test_a_sheet_has_room_for_its_tiles(tiles, aspect, size):
    assert Layout.of(tiles, aspect).size == size


def test_kept_samples_have_a_coloured_frame_and_dropped_ones_are_dimmed():
    rows = [row(0.0, ssim=None), row(1.0, "near_duplicate"), row(2.0, "dark")]
    picture, layout = sheet(rows, frames=[FakeFrame(0.0), FakeFrame(1.0), FakeFrame(2.0)])
    places = [layout.corner(tile) for tile in range(3)]
    middles = [tuple(picture[y + 80, x + 150]) for x, y in places]
    corners = [tuple(picture[y, x]) for x, y in places]
    bottoms = [tuple(picture[y + layout.picture_height + 4, x + 150]) for x, y in places]
    assert middles[0] == (200, 200, 200)
    assert max(max(middle) for middle in middles[1:]) < 125
    assert corners[0] == GREEN
    assert GREEN not in corners[1:]
    assert bottoms == [GREEN, BLUE, VIOLET]


def test_there_is_a_tile_for_each_sample_shown_and_no_more():
    picture, layout = sheet([row(float(second)) for second in range(7)])
    corners = [layout.corner(tile) for tile in range(8)]
    tiles = [tuple(picture[y, x]) == GREEN for x, y in corners]
    assert tiles == [True] * 7 + [False]


def test_a_line_below_the_title_shows_every_sample_even_those_without_a_tile():
    rows = [row(float(second), "kept" if second < 10 else "dark") for second in range(40)]
    picture, _ = sheet(rows, shown=[0, 39])
    line = picture[124, 24:-24]
    share = (line == VIOLET).all(axis=1).sum() / (
        (line == VIOLET).all(axis=1).sum() + (line == GREEN).all(axis=1).sum()
    )
    assert share == pytest.approx(0.75, abs=0.01)


def test_a_sample_that_does_not_decode_again_has_a_tile_all_the_same():
    picture, layout = sheet([row(0.0), row(1.0)], frames=[FakeFrame(0.0)])
    x, y = layout.corner(1)
    assert tuple(picture[y, x]) == GREEN
    assert tuple(picture[y + 30, x + 150]) == (19, 21, 26)


@pytest.mark.parametrize(
    ("frame", "shape"),
    [
        pytest.param(FakeFrame(1.0), (112, 200, 3), id="wide"),
        pytest.param(FakeFrame(1.0, 360, 640), (115, 65, 3), id="upright"),
        pytest.param(FakeFrame(1.0, 100, 50), (100, 200, 3), id="smaller than its place"),
        pytest.param(FakeFrame(1.0, 2000, 2), (1, 200, 3), id="a line"),
    ],
)
def test_a_thumbnail_fits_into_its_place_whole(frame, shape):
    found = thumbnails([frame, FakeFrame(2.0)], [row(1.0)], (200, 115))
    assert {time: picture.shape for time, picture in found.items()} == {1.0: shape}


def test_of_few_samples_all_are_shown():
    assert choose([row(float(second)) for second in range(5)], limit=5) == [0, 1, 2, 3, 4]


def test_of_many_samples_those_at_a_change_are_shown_and_others_evenly():
    kept = {40, 41, 70}
    rows = [row(float(n), "kept" if n in kept else "near_duplicate") for n in range(101)]
    shown = choose(rows, limit=12)
    assert shown == [0, 1, 32, 39, 40, 41, 42, 66, 69, 70, 71, 100]


def test_where_every_sample_is_a_change_they_are_thinned_evenly():
    rows = [row(float(n), "kept" if n % 2 else "near_duplicate") for n in range(101)]
    assert choose(rows, limit=5) == [0, 25, 50, 75, 100]


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("a" * 900 + ".mp4", id="long"),
        pytest.param("ü 道路\n\x00\udcff.mp4", id="strange"),
        pytest.param("", id="empty"),
    ],
)
def test_a_sheet_is_written_as_a_jpeg_whatever_the_video_is_called(tmp_path, title):
    path = tmp_path / "sheet.jpg"
    write_contact_sheet(str(path), title, "how", [row(0.0)], [FakeFrame(0.0)])
    written = cv2.imread(str(path))
    assert written is not None
    assert written.shape == (387, 1278, 3)
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.jpg"]
