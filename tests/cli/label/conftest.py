"""An output folder and labelme's files of two of its images."""

import pytest

from tests.cli.label.imported import FIRST, SECOND
from tests.cli.labels import box, make_output, write_labelme


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 4, "b/c.mp4": 3})


@pytest.fixture
def files(tmp_path):
    """labelme's files of two images, the second without objects."""
    folder = tmp_path / "labelme"
    write_labelme(folder, FIRST, box(), box("person", x=30, width=12))
    write_labelme(folder, SECOND)
    return folder
