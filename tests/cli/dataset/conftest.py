"""A folder of labeled images, and where versions of it go."""

import pytest

from tests.datasets.pictures import write_files


@pytest.fixture
def folders(tmp_path):
    """12 cats and 8 dogs, split already."""
    return write_files(
        tmp_path / "in",
        {f"train/cat/{n}.png": n for n in range(8)}
        | {f"train/dog/{n}.png": n for n in range(10, 16)}
        | {f"val/cat/{n}.png": n for n in range(20, 24)}
        | {f"val/dog/{n}.png": n for n in range(30, 32)},
    )


@pytest.fixture
def root(tmp_path):
    return tmp_path / "datasets"
