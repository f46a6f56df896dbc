"""The pool is made of what a place has, and counts only labels that hold."""

import pytest

from tests.cli.exports import annotate
from tests.cli.labels import make_output
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.stores.opening import open_store
from vidset.place import Place
from vidset.selection.gathering import Sources, gather

CAR = (LabeledObject("1", "car", "classification"),)


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 5})


def gathered(out):
    store = open_store(f"sqlite:{out}/labels.sqlite")
    try:
        return gather(
            Sources(
                place=Place.of(str(out)),
                store=store,
                datasets=out / "datasets",
                run_id=None,
                embedder=None,
                errors=out / "errors" / "errors.json",
            )
        )
    finally:
        store.close()


def test_objects_of_rejected_labels_are_not_counted_and_their_images_are_candidates(out):
    annotate(out, {"a/0/0000000000.jpg": CAR}, "rejected")
    annotate(out, {"a/0/0000001000.jpg": CAR})
    found = gathered(out)
    assert found.pool.label_counts == {"car": 1}
    assert (found.counts["labeled"], found.counts["candidates"]) == (1, 3)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"shown": [{"split": "train"}]}', id="nothing told"),
        pytest.param('{"shown": ["x"]}', id="no images"),
        pytest.param('{"shown": 7}', id="no list"),
    ],
)
def test_errors_that_are_told_otherwise_are_refused_with_their_file(out, text):
    (out / "errors").mkdir()
    (out / "errors" / "errors.json").write_text(text)
    with pytest.raises(ValueError, match=r"errors\.json: wanted what vidset errors wrote"):
        gathered(out)
