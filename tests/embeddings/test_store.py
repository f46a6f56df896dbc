"""Vectors by the images' hashes, in parts that are written once."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.embeddings.toys import directions, name_of
from vidset.embeddings.store import Embeddings, EmbeddingStore


@pytest.fixture
def store(tmp_path) -> EmbeddingStore:
    return EmbeddingStore(str(tmp_path), "toy-1", 3)


def test_vectors_come_back_by_their_images(store):
    store.write(directions([1, 2, 3], [0, 90, 180]))
    store.write(directions([4], [45]))
    assert store.known() == {name_of(number) for number in (1, 2, 3, 4)}
    found = store.read([name_of(3), name_of(4), name_of(9)])
    turned = dict(zip(found.hashes, found.vectors.tolist(), strict=True))
    assert turned[name_of(3)][0] == -1
    assert turned[name_of(4)][:2] == pytest.approx([0.7071, 0.7071], abs=1e-3)
    assert set(turned) == {name_of(3), name_of(4)}


def test_the_same_images_are_written_once(store):
    one, other = store.write(directions([1, 2], [0, 90])), store.write(directions([2, 1], [90, 0]))
    assert one == other
    assert store.parts() == [one]


def test_an_image_of_two_parts_is_read_once(store):
    store.write(directions([1, 2], [0, 90]))
    store.write(directions([2, 3], [90, 180]))
    assert sorted(store.read().hashes) == sorted(map(name_of, (1, 2, 3)))


def test_a_place_without_embeddings_has_none(store):
    assert store.known() == set()
    assert store.read().vectors.shape == (0, 3)


def test_a_vector_that_is_not_finite_is_refused(store):
    with pytest.raises(ValueError, match=f"image {name_of(1)}: wanted a vector of numbers"):
        store.write(Embeddings([name_of(1)], np.array([[np.nan, 0, 0]], np.float16)))


def test_a_damaged_part_is_named(store, tmp_path):
    name = store.write(directions([1], [0]))
    path = tmp_path / "embeddings" / "toy-1" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=f"{name}: wanted a part of embeddings, it is damaged"):
        store.known()


def test_a_part_of_another_embedder_is_refused(store, tmp_path):
    sink = io.BytesIO()
    pq.write_table(pa.table({"image_sha256": ["a"], "embedding": [1.5]}), sink)
    folder = tmp_path / "embeddings" / "toy-1"
    folder.mkdir(parents=True)
    (folder / "x.parquet").write_bytes(sink.getvalue())
    with pytest.raises(ValueError, match=r"x\.parquet: wanted the columns .*got .*double"):
        store.read()


@pytest.mark.parametrize(
    ("hash_", "vector", "said"),
    [
        pytest.param("../" * 21 + "a", [1, 0, 0], "wanted a SHA-256 in 64 hex digits", id="path"),
        pytest.param(name_of(1) + "0", [1, 0, 0], "wanted a SHA-256", id="too long"),
        pytest.param(None, [1, 0, 0], "wanted a SHA-256", id="no hash"),
        pytest.param(name_of(1), None, "it is damaged", id="no vector"),
        pytest.param(name_of(1), [np.inf, 0, 0], f"image {name_of(1)}: wanted", id="no number"),
    ],
)
def test_what_others_wrote_is_checked(store, tmp_path, hash_, vector, said):
    name = store.write(directions([1], [0]))
    path = tmp_path / "embeddings" / "toy-1" / name
    types = pa.string(), pa.list_(pa.field("item", pa.float16(), nullable=False), 3)
    vectors = [None if vector is None else [np.float16(each) for each in vector]]
    columns = [pa.array(*each) for each in zip([[hash_], vectors], types, strict=True)]
    pq.write_table(pa.table(columns, ["image_sha256", "embedding"]), path)
    with pytest.raises(ValueError, match=rf"{name}: .*{said}"):
        store.read()
