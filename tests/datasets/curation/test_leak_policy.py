import pytest

from tests.datasets.curation.test_add import sides
from tests.datasets.rows import Row, drawing, encoded, manifest_of, scene
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.leak_policy import leaks_left, settle_leaks, without_equals
from vidset.datasets.curation.sources.source import Found

SQUARE = encoded(drawing(1))


def frame(video, number, seed, split, quality=95):
    def read():
        return encoded(scene(seed), ".jpg", quality)

    return Found(f"{video}/{number}", read, "t", label="a", group=video, split=split)


def test_what_leaves_is_the_twin_and_not_all_that_it_joined(repository):
    """A frame of a training video shows what one of a validation video shows."""
    train = [frame(f"t{v}", n, 100 * v + n, "train") for v in range(3) for n in range(3)]
    held = [frame(f"v{v}", n, 100 * v + n + 50, "validation") for v in range(2) for n in range(3)]
    # t0 and t1 show the same once, so that t1, too, is of one group with v0.
    joining = [frame("t0", 7, 101, "train", 60), frame("t0", 9, 51, "train", 60)]
    made = create(repository, [*train, *held, *joining], Wanted(leaks="drop"))
    assert made.dropped == ["t0/9 (train): near twin of v0/1 (validation)"]
    assert sides(made) == {f.image_uri: f.split for f in (*train, *held, joining[0])}
    # What became of groups is told of those that are left.
    assert repository.details(made.id)["joined_groups"] == {"t1": "t0"}


def test_a_video_on_two_sides_leaves_training_whole(repository):
    frames = [frame("a", n, n, "train" if n else "validation") for n in range(3)]
    made = create(repository, [*frames, frame("b", 0, 9, "train")], Wanted(leaks="drop"))
    assert sides(made) == {"a/0": "validation", "b/0": "train"}
    assert len(made.dropped) == 2


def test_an_image_that_leaves_is_told_once(repository):
    rows = [
        Row("train/a", SQUARE, "train"),
        Row("validation/a", SQUARE, "validation"),
        Row("test/a", SQUARE, "test"),
    ]
    settled = settle_leaks(*manifest_of(rows), None, "drop")
    assert [line.split(" ")[0] for line in settled.dropped] == ["test/a", "train/a"]
    assert [entry.image_uri for entry in settled.images] == ["validation/a"]


def test_images_against_the_parent_add_up_to_those_of_the_version(repository):
    first = create(repository, [frame("a", n, n, "validation") for n in range(3)], Wanted())
    more = [frame("b", 0, 0, "train", 60), frame("b", 1, 77, "train")]
    made = create(repository, more, Wanted(parent=first.id, leaks="drop"))
    assert made.counts == {"kept": 3, "relabeled": 0, "replaced": 0, "added": 2, "dropped": 1}
    assert len(made.images) == 4


def test_what_comes_out_equal_leaves_training_and_no_set_to_evaluate_on():
    rows = [
        Row("train/a", SQUARE, "train"),
        Row("validation/a", SQUARE, "validation"),
        Row("book/a", SQUARE, "book"),
    ]
    settled = without_equals(*manifest_of(rows))
    assert settled.dropped == ["train/a (train): exact twin of book/a (book)"]
    assert sorted(entry.image_uri for entry in settled.images) == ["book/a", "validation/a"]


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        pytest.param([], [], id="none before"),
        pytest.param(
            ["a", "b"], ["train/a (train) and validation/a (validation): exact"], id="one is left"
        ),
    ],
)
def test_leaks_are_those_that_are_left(recorded, found):
    rows = [Row("train/a", SQUARE, "train"), Row("validation/a", SQUARE, "validation")]
    assert leaks_left(*manifest_of(rows), recorded) == found
