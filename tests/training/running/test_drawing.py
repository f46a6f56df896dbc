"""Pictures with what a model says: what is drawn where, and whether it can be read."""

import numpy as np
import pytest

from vidset.masks import Mask
from vidset.training.running.drawn.drawing import (
    Shown,
    colours_of,
    draw_label,
    draw_objects,
    draw_pixels,
)
from vidset.training.running.drawn.lettering import (
    BLACK,
    WHITE,
    Tag,
    letters_on,
    shortened,
    width_of,
    write_tags,
)
from vidset.training.running.drawn.strokes import LONGEST, SHORTEST
from vidset.training.scoring.matching import Thing

COLOURS = colours_of(["car", "person"])


def ground(level: int, height: int = 480, width: int = 640) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def car(x: float, y: float, score: float | None = None, mask: Mask | None = None) -> Shown:
    thing = Thing("car", x, y, 100, 60, 1.0 if score is None else score, mask)
    return Shown(thing, score is not None)


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """WCAG's: 1 to 21."""

    def luminance(colour: tuple[int, int, int]) -> float:
        parts = [each / 255 for each in colour]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_box_is_drawn_in_the_colour_of_its_label_on_any_ground(level):
    drawn = draw_objects(ground(level), [car(200, 100, 0.8)], None, COLOURS)
    assert tuple(drawn[130, 200]) == COLOURS["car"]
    assert tuple(drawn[130, 250]) == (level, level, level)
    assert drawn.shape[0] > 480  # Below the picture it says what was found.
    assert drawn.shape[1] == 640


@pytest.mark.parametrize("level", [0, 128, 255])
def test_what_is_true_is_dashed_in_white_and_black(level):
    drawn = draw_objects(ground(level), [], [car(200, 100)], COLOURS)
    side = drawn[110:150, 198:203]
    assert has(side, WHITE)
    assert has(side, BLACK)


def test_a_missed_object_is_named_and_one_that_is_hit_is_not():
    missed = draw_objects(ground(60), [], [car(200, 100)], COLOURS)
    hit = draw_objects(ground(60), [car(203, 102, 0.9)], [car(200, 100)], COLOURS)
    below = slice(166, 178), slice(204, 260)
    assert has(missed[below], WHITE)
    assert (hit[below] == 60).all()


def test_a_mask_is_filled_and_its_hole_is_not():
    pixels = np.zeros((480, 640), bool)
    pixels[100:160, 200:300] = True
    pixels[120:140, 230:270] = False
    drawn = draw_objects(ground(0), [car(200, 100, 0.9, Mask.of(pixels))], None, COLOURS)
    inside = tuple(round(0.35 * each) for each in COLOURS["car"])
    assert tuple(drawn[110, 215]) == inside
    assert tuple(drawn[130, 250]) == (0, 0, 0)


def test_small_pictures_are_enlarged_by_whole_pixels_and_large_ones_made_smaller():
    small = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    drawn = draw_label(small, "iv", 0.9, None)
    assert drawn.shape[1] == SHORTEST
    assert (drawn[: 24 * 15 : 15, ::15] == small).all()
    large = draw_objects(ground(9, 2160, 3840), [car(1920, 1080, 0.7)], None, COLOURS)
    assert large.shape[1] == LONGEST
    assert (
        tuple(large[round(1100 * LONGEST / 3840), round(1920 * LONGEST / 3840)]) == (COLOURS["car"])
    )
    assert draw_label(ground(9), "iv", 0.9, "iv", longest=320).shape[1] == 320


def test_a_label_is_green_where_it_is_right_and_red_where_it_is_not():
    right, wrong = (draw_label(ground(9), "iv", 0.9, true)[480:] for true in ("iv", "vi"))
    assert not (right == wrong).all()
    strips = [each.astype(int) for each in (right, wrong)]
    assert (strips[0][..., 1] - strips[0][..., 0]).max() > 80
    assert (strips[1][..., 0] - strips[1][..., 1]).max() > 80


def test_pixels_are_laid_over_the_picture_beside_those_that_are_true():
    half = np.zeros((480, 640), bool)
    half[:, :320] = True
    true, predicted = {"car": Mask.of(half)}, {"car": Mask.of(~half), "background": Mask.of(half)}
    drawn = draw_pixels(ground(0), predicted, true, COLOURS)
    assert drawn.shape[1] == 2 * 640 + 4
    over = tuple(round(0.55 * each) for each in COLOURS["car"])
    at = [tuple(drawn[240, x]) for x in (100, 500, 644 + 100, 644 + 500)]
    assert at == [over, (0, 0, 0), (0, 0, 0), over]
    assert draw_pixels(ground(0), predicted, None, COLOURS).shape[1] == 640


def test_words_can_be_read_on_the_colour_of_every_label():
    colours = colours_of([f"label {number}" for number in range(60)])
    assert len(set(colours.values())) == 60
    assert min(contrast(each, letters_on(each)) for each in colours.values()) >= 4.5
    assert colours_of(["b", "a", "b"]) == colours_of(["a", "b"])


def test_tags_stay_inside_the_picture_and_leave_each_other_alone():
    picture = ground(9, 200, 300)
    tags = [Tag("car 0.9", colour, (280, 0, 299, 30)) for colour in COLOURS.values()]
    write_tags(picture, tags, 14)
    areas = [(picture == colour).all(axis=2) for colour in COLOURS.values()]
    assert all(area.any() for area in areas)
    columns = [np.flatnonzero(area.any(axis=0)) for area in areas]
    assert all(each.max() == 299 for each in columns)
    rows = [np.flatnonzero(area.any(axis=1)) for area in areas]
    assert rows[0].max() < rows[1].min() or rows[1].max() < rows[0].min()


def test_a_long_text_is_cut():
    assert shortened("a car", 14, 200) == "a car"
    cut = shortened("a very long name of a label that has no room", 14, 100)
    assert cut.endswith("...")
    assert width_of(cut, 14) <= 100


def test_what_a_function_has_read_stands_beside_the_score():
    told = {"label": "plate", "score": 0.9, "box": {"x": 1, "y": 2, "width": 3, "height": 4}}
    assert Shown.of({**told, "text": "12 AB 34"}, "a.png").note == "12 AB 34"
    assert Shown.of(told, "a.png").note == ""
