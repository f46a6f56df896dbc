"""Output folders, and labelme's files of two images."""

import pytest

from tests.cli.label.imported import FIRST, SECOND
from tests.cli.labels import box, make_output, write_labelme


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 4, "b/c.mp4": 3})


@pytest.fixture
def guarded(tmp_path):
    """An output folder to serve, with a file beside the images that nobody may be given."""
    out = make_output(tmp_path / "out", {"a b #1.mp4": 4})
    (out / "secret.txt").write_text("secret")
    return out


@pytest.fixture
def files(tmp_path):
    """labelme's files of two images, the second without objects."""
    folder = tmp_path / "labelme"
    write_labelme(folder, FIRST, box(), box("person", x=30, width=12))
    write_labelme(folder, SECOND)
    return folder
