import cv2
import numpy as np
import pytest

from vidset.datasets.curation.steps.registry import STEPS, make_step
from vidset.datasets.curation.steps.step import background, recorded
from vidset.datasets.errors import DatasetError


def page(width=40, height=30, ground=255):
    return np.full((height, width, 3), ground, np.uint8)


def with_dot(x, y, width=40, height=30):
    """White, with one black pixel."""
    picture = page(width, height)
    picture[y, x] = 0
    return picture


def apply(name, picture, **parameters):
    return make_step(name, parameters).apply(picture)


def dark_box(picture):
    """Left, top, right, bottom (past the end) of what is darker than the middle grey."""
    rows, columns = np.nonzero(picture[:, :, 0] < 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("name", sorted(STEPS))
def test_a_step_leaves_the_picture_it_was_given_alone(name):
    picture = page()
    picture[10:20, 5:25] = 40
    before = picture.copy()
    made = apply(name, picture)
    assert np.array_equal(picture, before)
    assert (made.picture.dtype, made.picture.ndim, made.moved.shape) == (np.uint8, 3, (3, 3))


def test_opening_takes_specks_away_and_leaves_strokes():
    picture = with_dot(3, 3)
    picture[10:20, 10:30] = 0
    made = apply("opening", picture, size=3).picture
    assert dark_box(made) == (10, 10, 30, 20)


def test_opening_of_bright_ink_takes_bright_specks_away():
    picture = 255 - with_dot(3, 3)
    picture[10:20, 10:30] = 255
    made = apply("opening", picture, size=3, ink="bright").picture
    assert made[3, 3, 0] == 0
    assert made[15, 15, 0] == 255


def test_adaptive_threshold_separates_ink_from_a_ground_that_gets_darker():
    ground = np.linspace(250, 100, 40).astype(np.uint8)
    picture = np.repeat(np.tile(ground, (30, 1))[:, :, None], 3, axis=2)
    picture[14:16, 4:36] -= 60
    made = apply("adaptive_threshold", picture, block=15, offset=10).picture
    assert set(np.unique(made)) == {0, 255}
    assert dark_box(made) == (4, 14, 36, 16)


def test_median_filter_takes_salt_and_pepper_away():
    made = apply("median_filter", with_dot(20, 15), size=3).picture
    assert (made == 255).all()


@pytest.mark.parametrize(
    ("parameters", "level"),
    [
        pytest.param({"factor": 0.5}, 50, id="half"),
        pytest.param({"shift": 30}, 130, id="shifted"),
        pytest.param({"factor": 4}, 255, id="kept in range"),
        pytest.param({"shift": -200}, 0, id="not below black"),
    ],
)
def test_brightness_changes_levels(parameters, level):
    assert (apply("brightness", page(ground=100), **parameters).picture == level).all()


@pytest.mark.parametrize(
    ("share", "box"),
    [
        pytest.param(0.1, (9, 9, 31, 21), id="thicker"),
        pytest.param(-0.1, (11, 11, 29, 19), id="thinner"),
        pytest.param(0.01, (10, 10, 30, 20), id="less than a pixel"),
    ],
)
def test_thickness_grows_strokes_by_a_share_of_the_shorter_side(share, box):
    picture = page(40, 10 + 10 + 10)
    picture[10:20, 10:30] = 0
    made = apply("thickness", picture, share=share / 3).picture
    assert dark_box(made) == box


def test_crop_to_content_cuts_the_ground_away():
    picture = page()
    picture[12:18, 5:25] = 0
    made = apply("crop_to_content", picture)
    assert made.picture.shape == (6, 20, 3)
    assert (made.moved @ [5, 12, 1]).tolist() == [0, 0, 1]


def test_crop_to_content_leaves_a_margin_within_the_picture():
    picture = page()
    picture[12:18, 1:21] = 0
    made = apply("crop_to_content", picture, margin=0.1)
    assert made.picture.shape == (10, 23, 3)


def test_crop_to_content_passes_over_specks():
    picture = with_dot(38, 28)
    picture[5:15, 5:15] = 0
    assert apply("crop_to_content", picture, speck=0.02).picture.shape == (10, 10, 3)
    assert apply("crop_to_content", picture).picture.shape == (24, 34, 3)


def test_crop_to_content_finds_bright_content_on_a_dark_ground():
    picture = page(ground=10)
    picture[12:18, 5:25] = 200
    assert apply("crop_to_content", picture).picture.shape == (6, 20, 3)


def test_crop_to_content_leaves_a_blank_picture_alone():
    made = apply("crop_to_content", page())
    assert made.picture.shape == (30, 40, 3)


def test_pad_makes_a_square_with_the_ground_of_the_picture():
    picture = page(40, 30, ground=200)
    made = apply("pad", picture, to="square", margin=0.1)
    assert made.picture.shape == (48, 48, 3)
    assert (made.picture == 200).all()
    assert (made.moved @ [0, 0, 1]).tolist() == [4, 9, 1]


def test_resize_by_area_takes_the_mean():
    picture = page(4, 4)
    picture[:2, :1] = 55
    made = apply("resize", picture, width=2, height=2)
    assert made.picture[:, :, 0].tolist() == [[155, 255], [255, 255]]
    assert (made.moved @ [4, 4, 1]).tolist() == [2, 2, 1]


def test_crop_cuts_shares_of_the_sides():
    made = apply("crop", page(40, 30), left=0.25, top=0.1, right=0.1)
    assert made.picture.shape == (27, 26, 3)
    assert (made.moved @ [10, 3, 1]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        pytest.param("rotate", {"degrees": 20}, id="rotate"),
        pytest.param("rotate", {"degrees": -90}, id="a quarter"),
        pytest.param("zoom", {"factor": 1.3}, id="nearer"),
        pytest.param("zoom", {"factor": 0.7, "stretch": 1.2}, id="wider"),
        pytest.param("shear", {"degrees": 15}, id="shear"),
        pytest.param("pad", {"margin": 0.2}, id="pad"),
        pytest.param("resize", {"width": 90, "height": 50}, id="resize"),
        pytest.param("crop", {"left": 0.2, "top": 0.1}, id="crop"),
    ],
)
def test_a_step_tells_where_the_points_went(name, parameters):
    picture = page(200, 160)
    cv2.circle(picture, (120, 70), 6, (0, 0, 0), -1)
    made = apply(name, picture, **parameters)
    dark = 255 - made.picture[:, :, 0].astype(float)
    rows, columns = np.mgrid[0.5 : dark.shape[0] : 1, 0.5 : dark.shape[1] : 1]
    seen = (columns * dark).sum() / dark.sum(), (rows * dark).sum() / dark.sum()
    assert (made.moved @ [120.5, 70.5, 1])[:2].tolist() == pytest.approx(seen, abs=0.15)


def test_what_a_rotation_brings_in_is_ground():
    made = apply("rotate", page(ground=180), degrees=20)
    assert (made.picture == 180).all()


def test_background_is_the_edge_not_the_content():
    picture = page(ground=240)
    picture[1:-1, 1:-1] = 10
    assert background(picture) == (240, 240, 240)


def test_recorded_tells_all_parameters_so_that_a_step_can_be_made_again():
    step = make_step("pad", {"margin": 0.1})
    assert recorded(step) == {"step": "pad", "to": "square", "margin": 0.1}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        pytest.param("sharpen", {}, "wanted a step, one of", id="unknown step"),
        pytest.param(
            "pad",
            {"side": 1},
            "step pad: wanted parameters to, margin; got 'side'",
            id="unknown parameter",
        ),
        pytest.param(
            "rotate", {"degrees": 200}, "wanted degrees from -180 to 180, got 200", id="range"
        ),
        pytest.param(
            "rotate", {"degrees": "20"}, "wanted degrees from -180 to 180, got '20'", id="text"
        ),
        pytest.param("opening", {"size": True}, "wanted size from 1 to 99, got True", id="truth"),
        pytest.param(
            "resize", {"interpolation": "best"}, "wanted interpolation one of area", id="word"
        ),
    ],
)
def test_make_step_names_what_is_wrong(name, parameters, message):
    with pytest.raises(DatasetError, match=message):
        make_step(name, parameters)


def test_a_threshold_makes_each_pixel_black_or_white():
    picture = page(3, 1)
    picture[0, :2] = [[99, 99, 99], [100, 100, 100]]
    made = apply("threshold", picture, level=100).picture
    assert made[0, :, 0].tolist() == [0, 255, 255]


def test_quantised_channels_keep_their_nearest_level():
    picture = page(4, 1)
    picture[0, :, 0] = [0, 42, 43, 255]
    picture[0, :, 1] = [127, 128, 200, 213]
    made = apply("quantise", picture, levels=4).picture
    # Levels 0, 85, 170 and 255.
    assert made[0, :, 0].tolist() == [0, 0, 85, 255]
    assert made[0, :, 1].tolist() == [85, 170, 170, 255]


@pytest.mark.parametrize(
    ("name", "parameters"), [("threshold", {"level": 0}), ("quantise", {"levels": 1})]
)
def test_levels_that_cannot_be_are_refused(name, parameters):
    with pytest.raises(DatasetError, match=f"step {name}: wanted level"):
        make_step(name, parameters)


@pytest.mark.parametrize(
    ("parameters", "box"),
    [
        pytest.param({}, (35, 10, 40, 12), id="horizontal"),
        pytest.param({"horizontal": 0, "vertical": 1}, (0, 18, 5, 20), id="vertical"),
        pytest.param({"horizontal": 0.49}, (0, 10, 5, 12), id="not drawn"),
        pytest.param({"horizontal": 0.5, "vertical": 0.7}, (35, 18, 40, 20), id="both"),
    ],
)
def test_a_flip_mirrors_the_picture_and_where_its_points_are(parameters, box):
    picture = page()
    picture[10:12, 0:5] = 0
    made = apply("flip", picture, **parameters)
    assert dark_box(made.picture) == box
    corners = np.array([[0, 10, 1], [5, 12, 1]]) @ made.moved.T
    (left, right), (top, bottom) = np.sort(corners[:, 0]), np.sort(corners[:, 1])
    assert (left, top, right, bottom) == box


@pytest.mark.parametrize(
    ("parameters", "colour"),
    [
        pytest.param({}, (200, 100, 50), id="as it was"),
        pytest.param({"hue": 120}, (50, 200, 100), id="red becomes green"),
        pytest.param({"hue": -120}, (100, 50, 200), id="red becomes blue"),
        pytest.param({"saturation": 0}, (200, 200, 200), id="grey"),
        pytest.param({"saturation": 10}, (200, 67, 0), id="kept in range"),
        # Its luma is 124: 0.299 x 200 + 0.587 x 100 + 0.114 x 50.
        pytest.param({"contrast": 0.5}, (162, 112, 87), id="nearer to the mean"),
        pytest.param({"contrast": 4}, (255, 28, 0), id="further from the mean"),
    ],
)
def test_colours_change_as_in_other_light(parameters, colour):
    picture = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    made = apply("colour", picture, **parameters).picture
    assert np.abs(made.astype(int) - colour).max() <= 1
