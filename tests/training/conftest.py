import pytest

from vidset.datasets.versions.repository import Repository


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "datasets")
