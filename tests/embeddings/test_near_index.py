"""The index: what is near to what, and what an update costs."""

import numpy as np
import pytest

from tests.embeddings.toys import Brightness, directions, name_of
from vidset.embeddings import near_index
from vidset.embeddings.near_index import index_folder
from vidset.embeddings.near_pairs import Covered, Near
from vidset.embeddings.store import Embeddings, EmbeddingStore

EMBEDDER = Brightness()


@pytest.fixture
def place(tmp_path) -> str:
    return str(tmp_path / "place")


@pytest.fixture
def store(place) -> EmbeddingStore:
    return EmbeddingStore(place, EMBEDDER.id, EMBEDDER.dimensions)


def pairs_of(place, **told):
    pairs = near_index.near_pairs(place, EMBEDDER, **told)
    return {
        frozenset((pairs.hashes[one], pairs.hashes[other]))
        for one, other in zip(pairs.ones, pairs.others, strict=True)
    }


def named(*pairs):
    return {frozenset(map(name_of, pair)) for pair in pairs}


def test_near_vectors_are_found_in_one_update_and_over_several(place, store):
    store.write(directions([1, 2, 3], [0, 3, 90]))
    assert pairs_of(place) == named((1, 2))
    store.write(directions([4, 5], [92, 200]))
    told = []
    assert pairs_of(place, progress=lambda *done: told.append(done)) == named((1, 2), (3, 4))
    assert told == [(2, 2)]
    store.write(directions([6], [201]))
    assert pairs_of(place) == named((1, 2), (3, 4), (5, 6))


def test_blank_pictures_are_near_to_nothing_and_not_to_each_other(place, store):
    blank = np.zeros((2, EMBEDDER.dimensions), np.float16)
    store.write(Embeddings([name_of(1), name_of(2)], blank))
    assert pairs_of(place) == set()
    store.write(Embeddings([name_of(3)], blank[:1]))
    store.write(directions([4, 5], [0, 3]))
    assert pairs_of(place) == named((4, 5))


def test_nothing_is_near_in_a_place_without_embeddings(place):
    assert pairs_of(place) == set()


def test_an_update_without_news_reads_no_vectors(place, store, monkeypatch):
    store.write(directions([1, 2], [0, 3]))
    before = pairs_of(place)
    monkeypatch.setattr(near_index, "Neighbours", lambda *_: pytest.fail("opened"))
    assert pairs_of(place) == before


def test_the_tail_goes_into_the_base_when_it_has_grown(place, store, monkeypatch):
    monkeypatch.setattr(near_index, "_LEAST_TAIL", 2)
    expected = set()
    for number in range(8):
        angle = number * 40
        store.write(directions([2 * number, 2 * number + 1], [angle, angle + 2]))
        expected |= named((2 * number, 2 * number + 1))
        assert pairs_of(place) == expected
    files = sorted(path.name for path in index_folder(place, EMBEDDER.id).glob("vectors-*"))
    assert 1 <= len(files) <= 2


@pytest.mark.parametrize("damage", ["cut", "gone", "no state"])
@pytest.mark.parametrize("kind", ["names-*", "pairs-*", "vectors-*"])
def test_a_damaged_index_is_made_anew(place, store, damage, kind):
    store.write(directions([1, 2], [0, 3]))
    pairs_of(place)
    folder = index_folder(place, EMBEDDER.id)
    (path,) = folder.glob(kind)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:10])
    elif damage == "gone":
        path.unlink()
    else:
        (folder / "state.json").write_text("{")
    store.write(directions([3], [1]))
    assert pairs_of(place) == named((1, 2), (1, 3), (2, 3))


def test_images_whose_vectors_were_deleted_are_forgotten(place, store, tmp_path):
    store.write(directions([1, 2], [0, 3]))
    second = store.write(directions([3], [1]))
    pairs_of(place)
    (tmp_path / "place" / "embeddings" / EMBEDDER.id / second).unlink()
    assert pairs_of(place) == named((1, 2))


def test_an_update_that_was_killed_before_its_state_is_done_again(place, store, monkeypatch):
    store.write(directions([1, 2], [0, 3]))
    with monkeypatch.context() as patched:
        patched.setattr(near_index, "_write_state", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pairs_of(place)
    assert pairs_of(place) == named((1, 2))
    folder = index_folder(place, EMBEDDER.id)
    assert len(list(folder.glob("vectors-*"))) == 1


def interrupt(*_):
    raise KeyboardInterrupt


def test_an_image_is_covered_by_what_is_taken(place, store):
    store.write(directions([1, 2, 3], [0, 5, 90]))
    pairs = near_index.near_pairs(place, EMBEDDER)
    assert pairs.near(name_of(1)) == [Near(name_of(2), pytest.approx(0.9962, abs=1e-3), False)]
    covered = Covered(pairs, [name_of(3)])
    assert covered.covered_by(name_of(1)) is None
    assert covered.covered_by(name_of(3)) == name_of(3)
    covered.take(name_of(2))
    assert covered.covered_by(name_of(1)) == name_of(2)
    assert covered.covered_by(name_of(77)) is None
