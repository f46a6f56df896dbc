"""Real data: handwritten numerals, in the folder shared/ beside the checkout. Skipped without."""

import tarfile

import pytest

from tests.paths import SHARED
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.errors import FaultsError

ROMAN = SHARED / "roman"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ROMAN.is_dir(), reason="no shared/roman beside the checkout"),
]


@pytest.mark.parametrize(
    ("name", "splits", "exact"),
    [
        pytest.param("v0", (2067, 656, 52), 42, id="v0"),
        pytest.param("v1", (2119, 656, 52), 52, id="v1", marks=pytest.mark.chaos),
        pytest.param("v2.1", (4186, 656, 52), 52, id="v2.1", marks=pytest.mark.chaos),
    ],
)
def test_the_originals_leak_and_become_versions_when_told(
    repository, tmp_path, name, splits, exact
):
    with tarfile.open(ROMAN / f"{name}.tar") as archive:
        archive.extractall(tmp_path / name, filter="data")
    source = FolderSource(tmp_path / name)
    with pytest.raises(FaultsError) as refused:
        create(repository, source, Wanted())
    assert sum(line.endswith(": exact") for line in refused.value.faults) == exact
    kept = create(repository, source, Wanted(leaks="keep", near_distance=None, cap=10_000))
    numbers = [len(kept.images.split(split)) for split in ("train", "validation", "label_book")]
    assert tuple(numbers) == splits
    assert kept.images.classes == ["i", "ii", "iii", "iv", "ix", "v", "vi", "vii", "viii", "x"]
    assert kept.faults == []
