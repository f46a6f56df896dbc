import tarfile
from pathlib import Path

import pytest


@pytest.fixture
def version_0_1(tmp_path) -> Path:
    """The folder of the archive: `place` and `schemas` are in it."""
    with tarfile.open(Path(__file__).parent / "version_0_1.tar.gz") as archive:
        archive.extractall(tmp_path / "version_0_1", filter="data")
    return tmp_path / "version_0_1"
