"""Which objects of an answer are kept as they are, and which are refused."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from tests.labeling.drawn import (
    BESIDE,
    HOLE,
    NIGHT,
    SQUARE,
    car,
    check,
    road,
    ship,
    sky,
)
from vidset.labeling.annotation import Box, Ring, outline
from vidset.labeling.errors import InvalidAnswerError
from vidset.masks import Mask


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(car(), id="box"),
        pytest.param(car(0.0, 0.0, 100.0, 80.0), id="box as large as the image"),
        pytest.param(car(10.1, 0.7, 20.2, 30.3), id="box whose edges are rounded"),
        pytest.param(car(width=7.5, height=7.5), id="box half a pixel too small"),
        pytest.param(road(*SQUARE), id="polygon"),
        pytest.param(road(*SQUARE, SQUARE[0]), id="polygon that ends where it begins"),
        pytest.param(NIGHT, id="classification"),
        pytest.param(ship(), id="rotated box"),
        pytest.param(ship(-12.0), id="rotated box that leaves the image"),
        pytest.param(ship(label="car"), id="rotated box for a box"),
        pytest.param(ship(angle=0.0, type="box"), id="upright box for a rotated one"),
        pytest.param(
            road(*SQUARE, rings=(Ring(SQUARE), HOLE, BESIDE)), id="polygon of parts with a hole"
        ),
        pytest.param(sky(), id="mask"),
        pytest.param(road(*SQUARE, label="sky", attributes={}), id="polygon for a mask"),
        pytest.param(
            car(box=None, type="polygon", rings=outline(SQUARE), attributes={"rotation": 12.5}),
            id="rotated rectangle",
        ),
        pytest.param(car(attributes={"colour": "red", "damage": ["rust", "dent"]}), id="choices"),
        pytest.param(car(attributes={"damage": []}), id="no choice"),
        pytest.param(car(attributes={"seen": True, "score": 0.5, "n": 3}), id="unknown attributes"),
    ],
)
def test_a_good_object_is_kept_as_it_is(item):
    assert check(item) == (item,)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        pytest.param(
            car(label="bus"),
            "wanted a label of car, road, night, ship, sky, got 'bus'",
            id="unknown label",
        ),
        pytest.param(replace(NIGHT, label="car"), "wanted a box, got a classification", id="word"),
        pytest.param(road(*SQUARE, label="night"), "a classification, got a polygon", id="shape"),
        pytest.param(
            car(box=None, type="polygon", rings=outline(SQUARE)),
            "wanted a box, got a polygon",
            id="polygon for a box",
        ),
        pytest.param(
            car(box=None, type="polygon", rings=outline(SQUARE[:3]), attributes={"rotation": 1}),
            "wanted a box, got a polygon",
            id="rotated triangle",
        ),
        pytest.param(
            car(box=None, type="polygon", rings=outline(SQUARE), attributes={"rotation": "x"}),
            "wanted a box, got a polygon",
            id="rotation is a text",
        ),
        pytest.param(ship(-40.0), "its middle: wanted it inside the image", id="middle outside"),
        pytest.param(ship(width=0.0), "a rotated box with a positive size", id="no width"),
        pytest.param(ship(angle=float("nan")), "a rotated box of finite numbers", id="nan"),
        pytest.param(ship(type="box"), "wanted an upright box, got an angle of 30", id="angle"),
        pytest.param(ship(label="road"), "wanted a polygon, got a rotated_box", id="turned"),
        pytest.param(sky(width=90), "the image's size 100 x 80 px, got one of 90 x 80", id="size"),
        pytest.param(sky(label="road"), "wanted a polygon, got a mask", id="mask for a polygon"),
        pytest.param(
            sky(mask=Mask.of(np.zeros((80, 100)))), "wanted a mask with pixels", id="empty mask"
        ),
        pytest.param(
            sky(mask=Mask.of(np.eye(80, 100)[::-1] * (np.arange(100) < 2))),
            "wanted at least 4 x 1 px, got 2 x 2",
            id="small mask",
        ),
        pytest.param(
            road(*SQUARE, rings=(HOLE, Ring(SQUARE))), "its area, got a hole", id="hole first"
        ),
        pytest.param(
            road(*SQUARE, rings=(Ring(SQUARE), Ring(SQUARE, hole=True))),
            "wanted a polygon with an area, got 0",
            id="nothing but a hole",
        ),
        pytest.param(
            road(*SQUARE, rings=(Ring(SQUARE), Ring(((1.0, 1.0), (2.0, 2.0))))),
            "ring 2 of 2: wanted a polygon of 3 points or more, got 2",
            id="short ring",
        ),
        pytest.param(car(box=None), "wanted the shape of a box and no other, got none", id="none"),
        pytest.param(
            car(rings=outline(SQUARE)), "no other, got ['box', 'rings']", id="box with points"
        ),
        pytest.param(
            replace(NIGHT, box=Box(1, 1, 1, 1)), "no other, got ['box']", id="word with a box"
        ),
        pytest.param(car(x=nan), "a box of finite numbers, got x=nan", id="not a number"),
        pytest.param(car(width=inf), "a box of finite numbers", id="infinite"),
        pytest.param(car(x=10**400), "a box of finite numbers", id="huge integer"),
        pytest.param(car(x="10"), "a box of finite numbers", id="text"),
        pytest.param(car(width=0.0), "a box with a positive size", id="no width"),
        pytest.param(car(height=-4.0), "a box with a positive size", id="negative height"),
        pytest.param(
            car(width=7.4), "wanted at least 8 x 8 px, got 7.4 x 40", id="smaller than the label's"
        ),
        pytest.param(
            car(x=-1.5), "inside the image of 100 x 80 px, got the point (-1.5, 20)", id="left"
        ),
        pytest.param(car(y=-2.0), "which is 2 px outside", id="above"),
        pytest.param(car(x=71.5), "got the point (101.5, 60), which is 1.5 px outside", id="right"),
        pytest.param(car(y=42.0), "which is 2 px outside", id="below"),
        pytest.param(car(x=100.0, width=0.5), "a box inside the image", id="on the edge"),
        pytest.param(road((1.0, nan), (2.0, 3.0), (4.0, 5.0)), "of finite numbers", id="nan"),
        pytest.param(road(), "a polygon of 3 points or more, got 0", id="no points"),
        pytest.param(road((1.0, 1.0), (9.0, 9.0), (1.0, 1.0)), "or more, got 2", id="two points"),
        pytest.param(road((1.0, 1.0), (2.0, 2.0), (3.0, 3.0)), "cross itself", id="a line"),
        pytest.param(
            road((0.0, 0.0), (9.0, 9.0), (9.0, 0.0), (0.0, 9.0)),
            "wanted a polygon that does not cross itself: Self-intersection[4.5 4.5]",
            id="bow tie",
        ),
        pytest.param(road(*SQUARE[:3], (10.0, 81.5)), "which is 1.5 px outside", id="outside"),
        pytest.param(
            road((1.0, 1.0), (1.2, 1.0), (1.2, 9.0)), "wanted at least 1 x 1 px", id="thin polygon"
        ),
        pytest.param(
            road(*SQUARE, attributes={}), "wanted the attribute surface, got none", id="required"
        ),
        pytest.param(
            car(attributes={"colour": "green"}),
            "wanted as colour one of red, blue, got 'green'",
            id="no such choice",
        ),
        pytest.param(car(attributes={"colour": ["red"]}), "one of red, blue", id="list for one"),
        pytest.param(car(attributes={"colour": True}), "got 'True'", id="flag for a choice"),
        pytest.param(
            car(attributes={"damage": "dent"}), "a list of dent, rust, got 'dent'", id="no list"
        ),
        pytest.param(
            car(attributes={"damage": ["dent", "dent"]}), "a list of dent, rust", id="twice"
        ),
        pytest.param(car(attributes={"damage": ["hail"]}), "a list of dent, rust", id="one wrong"),
        pytest.param(
            car(attributes={"surface": "ice"}), "one of asphalt, gravel", id="not asked, but wrong"
        ),
        pytest.param(car(attributes={"score": nan}), "a finite score, got nan", id="nan attribute"),
    ],
)
def test_a_bad_object_is_refused_with_its_id_the_wanted_and_the_got(item, reason):
    with pytest.raises(InvalidAnswerError) as raised:
        check(item)
    where = f"image i1, scale annotation a1, object {item.id} ({item.label})"
    assert str(raised.value).startswith(where)
    assert reason in str(raised.value)
