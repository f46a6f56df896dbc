"""Measures are kept once for each image, and read as if each version kept its own."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.datasets.rows import encoded
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.images.measures import measure
from vidset.datasets.rows import rows_without
from vidset.datasets.versions import kept_measures


@pytest.fixture
def grow(tmp_path, repository, monkeypatch):
    """Draws more images and makes a version of all of them; small ones are not kept whole."""
    monkeypatch.setattr(kept_measures, "_FEW", 4)
    random = np.random.default_rng(0)

    def grown(number: int, **wanted):
        folder = tmp_path / "images" / "a"
        folder.mkdir(parents=True, exist_ok=True)
        there = len(list(folder.iterdir()))
        for n in range(there, there + number):
            picture = random.integers(0, 256, (24, 24, 3), np.uint8)
            (folder / f"{n}.png").write_bytes(encoded(picture))
        asked = Wanted(shares={"train": 1.0}, near_distance=None, **wanted)
        return create(repository, FolderSource(folder.parent), asked)

    return grown


def rows(repository, version) -> int:
    """How many rows a version keeps itself."""
    return len(pq.read_table(repository.root / "versions" / version / "measures.parquet"))


def whole(made, repository) -> list:
    """What is told of the version's images, as it was when it was made."""
    told = repository.measures(made.id)
    assert told.equals(made.measures.combine_chunks())
    return told["image_sha256"].to_pylist()


def test_a_version_with_more_images_keeps_the_measures_of_these_alone(repository, grow):
    first = grow(40)
    second = grow(6)
    third = grow(10, parent=second.id)
    assert [rows(repository, each.id) for each in (first, second, third)] == [40, 6, 16]
    assert [len(whole(each, repository)) for each in (first, second, third)] == [40, 46, 56]


def test_the_rows_of_a_long_line_of_versions_stand_in_few_files(repository, grow):
    made = [grow(40), *(grow(5) for _ in range(12))]
    assert len(whole(made[-1], repository)) == 100
    last = repository.root / "versions" / made[-1].id / "measures.parquet"
    named = pq.read_schema(last).metadata[b"vidset.elsewhere"].split()
    assert len(named) <= 3
    assert sum(rows(repository, each.id) for each in made) < 300  # Of 910 if each kept its own.


def test_rows_that_are_gone_are_measured_again(repository, grow):
    first, second = grow(20), grow(6)
    shutil.rmtree(repository.root / "versions" / first.id)
    assert len(whole(second, repository)) == 26


def test_an_image_that_is_gone_too_is_named(repository, grow):
    first, second = grow(20), grow(6)
    shutil.rmtree(repository.root / "versions" / first.id)
    gone = first.measures["image_sha256"][0].as_py()
    repository.image_path(gone, "png").unlink()
    with pytest.raises(ValueError, match=f"its measures cannot be read: .*{gone}"):
        repository.measures(second.id)


def test_files_that_have_not_changed_are_not_read(repository, grow, monkeypatch):
    monkeypatch.setattr("vidset.known_files._TICK_NANOSECONDS", 0)
    read, measured = [], []
    files = "vidset.datasets.curation.sources.folders.read_regular"
    monkeypatch.setattr(files, lambda path, _: read.append(path) or Path(path).read_bytes())
    kept = "vidset.datasets.curation.taking.measure"
    monkeypatch.setattr(kept, lambda data, name: measured.append(name) or measure(data, name))
    first = grow(20)
    assert len(read) == len(measured) == 20
    assert grow(0).id == first.id
    assert len(read) == len(measured) == 20
    second = grow(2)
    assert sorted(measured[20:]) == ["a/20.png", "a/21.png"]  # Several threads measure.
    assert len(read) == 22
    assert grow(0, is_full=True).id == second.id
    assert (len(read), len(measured)) == (44, 22)  # Bytes that are known are not decoded again.


def test_an_image_that_is_gone_from_the_repository_is_read_again(repository, grow, monkeypatch):
    monkeypatch.setattr("vidset.known_files._TICK_NANOSECONDS", 0)
    first = grow(3)
    entry = next(iter(first.images))
    path = repository.image_path(entry.image_sha256, entry.image_format)
    path.unlink()
    assert grow(0).id == first.id
    assert path.exists()


@pytest.mark.parametrize("number", [0, 6, 46], ids=["none", "some", "all"])
@pytest.mark.parametrize("few", [4, 30], ids=["large", "small"])
def test_rows_that_versions_keep_need_not_be_brought(repository, grow, monkeypatch, few, number):
    """The file is the same to the byte, also where it repeats rows of small files."""
    made = [grow(20), grow(26), grow(30)]
    monkeypatch.setattr(kept_measures, "_FEW", few)
    versions, rows = repository.root / "versions", made[-1].measures.combine_chunks()
    shutil.rmtree(versions / made[-1].id)
    kept = {sha256 for each in made[:-1] for sha256 in each.measures["image_sha256"].to_pylist()}
    assert len(kept) == 46
    known = pa.chunked_array([pa.array(sorted(kept)[:number], pa.string())])
    others = rows_without(rows, "image_sha256", known)
    assert len(others) == 76 - number
    whole = kept_measures.measures_file(versions, rows, ())
    assert kept_measures.measures_file(versions, others, (), known) == whole
