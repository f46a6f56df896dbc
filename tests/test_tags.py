"""Tags: marks that are only ever added."""

from datetime import UTC, datetime, timedelta

import pytest

from vidset.storage.open import open_store
from vidset.tags import Mark, TagChoice, choose, current_tags, read_marks, write_mark

ONE, TWO = "1" * 32, "2" * 32
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def mark(tag, images, *, is_set=True, after=0.0):
    return Mark(tag, tuple(images), is_set, "ann", NOON + timedelta(seconds=after))


def test_the_newest_mark_of_each_image_and_tag_holds(tmp_path):
    store = open_store(str(tmp_path))
    for each in (
        mark("to label", [ONE, TWO]),
        mark("to label", [ONE], is_set=False, after=2),
        mark("look again", [ONE], after=1),
    ):
        write_mark(store, each)
    assert current_tags(read_marks(store)) == {ONE: {"look again"}, TWO: {"to label"}}


def test_two_people_who_mark_in_the_same_moment_lose_nothing(tmp_path):
    store = open_store(str(tmp_path))
    first, second = write_mark(store, mark("a", [ONE])), write_mark(store, mark("b", [ONE]))
    assert first != second
    assert current_tags(read_marks(store)) == {ONE: {"a", "b"}}
    assert [name for name, _ in read_marks(store, [first])] == [second]


@pytest.mark.parametrize(
    ("tag", "images", "wanted"),
    [
        pytest.param("", [ONE], "wanted a tag", id="empty"),
        pytest.param("<b>", [ONE], "wanted a tag", id="markup"),
        pytest.param("x" * 61, [ONE], "wanted a tag", id="long"),
        pytest.param("fine", [], "at least one image", id="no image"),
        pytest.param("fine", ["../etc"], "wanted an image id", id="no id"),
    ],
)
def test_what_is_no_mark_is_refused(tag, images, wanted):
    with pytest.raises(ValueError, match=wanted):
        mark(tag, images)


def test_a_file_that_is_no_mark_is_named(tmp_path):
    (tmp_path / "x.json").write_text('{"tag": "a"}')
    with pytest.raises(ValueError, match=r"x\.json: wanted a mark"):
        list(read_marks(open_store(str(tmp_path))))


def test_images_are_chosen_by_their_tags(tmp_path):
    store = open_store(str(tmp_path))
    write_mark(store, mark("a", [ONE]))
    write_mark(store, mark("b", [ONE, TWO]))

    def chosen(**tags):
        takes = choose(store, TagChoice(**tags))
        return [name for name in (ONE, TWO, "3" * 32) if takes(name)]

    assert chosen() == [ONE, TWO, "3" * 32]
    assert chosen(wanted=("b",)) == [ONE, TWO]
    assert chosen(wanted=("b",), unwanted=("a",)) == [TWO]
    assert chosen(unwanted=("a", "leave out")) == [TWO, "3" * 32]
    with pytest.raises(ValueError, match=r"--tag 'to lable': no image has this tag; .*: 'a', 'b'"):
        chosen(wanted=("to lable",))
    with pytest.raises(ValueError, match="--without-tag 'leaveout': no image has this tag"):
        chosen(unwanted=("leaveout",))
