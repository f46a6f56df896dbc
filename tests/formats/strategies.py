"""Labels of any kind, for round trips: hypothesis strategies, and how near they must come back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject, outline

# With spaces, line ends, quotes, and letters of any script.
texts = st.text(min_size=1, max_size=8)
segments = st.text(st.sampled_from("ab ü-_.猫"), min_size=1, max_size=6).filter(
    lambda text: text.strip(".") and text == text.strip()
)
names = st.lists(segments, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".jpg")
attributes = st.dictionaries(
    texts,
    st.one_of(
        texts,
        st.booleans(),
        st.integers(-(10**6), 10**6),
        st.floats(allow_nan=False, allow_infinity=False),
        st.lists(texts, max_size=2),
    ),
    max_size=3,
)


def _points(width: int, height: int) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(0, width), st.floats(0, height))


def boxes(width: int, height: int) -> st.SearchStrategy[LabeledObject]:
    def box(first: tuple[float, float], second: tuple[float, float], **said) -> LabeledObject:
        (left, right), (top, bottom) = (sorted(pair) for pair in zip(first, second, strict=True))
        return LabeledObject(box=Box(left, top, right - left, bottom - top), type="box", **said)

    points = _points(width, height)
    return st.builds(box, points, points, id=texts, label=texts, attributes=attributes)


def polygons(width: int, height: int) -> st.SearchStrategy[LabeledObject]:
    points = st.lists(_points(width, height), min_size=3, max_size=6).map(tuple)
    return st.builds(
        LabeledObject,
        id=texts,
        label=texts,
        type=st.just("polygon"),
        rings=points.map(outline),
        attributes=attributes,
    )


words = st.builds(LabeledObject, id=texts, label=texts, type=st.just("classification"))


@st.composite
def images(draw, *kinds) -> list[ImageLabels]:
    """Of images with names of their own; `kinds` are functions of the width and the height."""
    found = []
    for name in draw(st.lists(names, max_size=3, unique_by=lambda name: name.lower())):
        width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
        objects = st.one_of([kind(width, height) for kind in kinds])
        found.append(
            ImageLabels(
                image_name=name,
                width=width,
                height=height,
                objects=tuple(draw(st.lists(objects, max_size=4, unique_by=lambda item: item.id))),
                annotator=draw(st.none() | texts),
                updated_at=draw(
                    st.none() | st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))
                ),
            )
        )
    return found


def is_near(got: Sequence[ImageLabels], wanted: Sequence[ImageLabels]) -> bool:
    """Equal, but that shapes may differ by a millionth of a pixel."""
    return [_without_shapes(each) for each in got] == [
        _without_shapes(each) for each in wanted
    ] and [_numbers(item) for each in got for item in each.objects] == [
        pytest.approx(_numbers(item), rel=0, abs=1e-6) for each in wanted for item in each.objects
    ]


def _without_shapes(labels: ImageLabels) -> ImageLabels:
    objects = tuple(replace(item, box=None, rings=None) for item in labels.objects)
    return replace(labels, objects=objects)


def _numbers(item: LabeledObject) -> list[float]:
    box = item.box
    values = [box.x, box.y, box.width, box.height] if box else []
    return values + [value for point in item.points or () for value in point]
