import numpy as np
import pytest

from tests.datasets.numerals import numerals
from vidset.datasets.errors import FaultsError
from vidset.datasets.versions.repository import Repository
from vidset.training.models.registry import fixed_model
from vidset.training.running.pictures import prepare_pictures


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "datasets")


@pytest.fixture
def entries(repository):
    return list(numerals(repository, {"train": 4}, ("i", "x"), seed=0))


def test_prepare_pictures_is_the_same_in_a_file_that_has_no_name(repository, entries, tmp_path):
    prepare = fixed_model("resnet50-c2-32").learner().prepare
    (tmp_path / "run").mkdir()
    in_memory = prepare_pictures(entries, repository, prepare, tmp_path / "run")
    mapped = prepare_pictures(entries, repository, prepare, tmp_path / "run", in_memory_bytes=0)
    assert not isinstance(in_memory, np.memmap)
    assert isinstance(mapped, np.memmap)
    assert in_memory.shape == (8, 32, 32, 3)
    np.testing.assert_array_equal(in_memory, mapped)
    assert list((tmp_path / "run").iterdir()) == []


def test_prepare_pictures_names_all_images_that_are_missing_or_none(repository, entries, tmp_path):
    gone, broken = entries[1], entries[5]
    repository.image_path(gone.image_sha256, "png").unlink()
    repository.image_path(broken.image_sha256, "png").write_bytes(b"no image")
    with pytest.raises(FaultsError, match="2 images cannot be read") as caught:
        prepare_pictures(entries, repository, lambda picture: picture[:8, :8], tmp_path)
    said = sorted(caught.value.faults)
    assert said[0].startswith("train/i/1.png: its image is not in the repository")
    assert said[1].startswith("train/x/1.png: wanted a PNG, JPEG, WebP or BMP image, got 8 bytes")
