"""A place with a red square in most images, and the toy detector as an installed package."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.called import vidset
from tests.drawing import encode, scene
from vidset.place import _gate_in_bucket

SQUARE = slice(100, 140), slice(60, 110)  # Rows, columns.


@pytest.fixture(autouse=True)
def _gates_are_read_anew() -> None:
    """A process reads the gate of a place in a bucket once; each test has buckets of its own."""
    _gate_in_bucket.cache_clear()


@pytest.fixture
def red(tmp_path, monkeypatch) -> str:
    """Install the detector `red` for this process and its workers."""
    packages = tmp_path / "packages"
    information = packages / "red-1.dist-info"
    information.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("toy_detector.py"), packages / "red_squares.py")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: red\nVersion: 1\n")
    (information / "entry_points.txt").write_text(
        "[vidset.detectors]\nred = red_squares:open_detector\n"
    )
    monkeypatch.syspath_prepend(str(packages))
    return "red"


def with_square(picture: np.ndarray, number: int) -> np.ndarray:
    """Draw a red square with a pattern by which it could be recognised."""
    picture = (picture // 2 + np.array([0, 60, 60])).astype(np.uint8)
    square = np.zeros((40, 50, 3), np.uint8)
    square[..., 0] = 230
    square[np.arange(40) % 8 < 4, :, 1:] = 80
    picture[SQUARE] = square
    return picture


@pytest.fixture(scope="package")
def drawn(tmp_path_factory) -> Path:
    """Three images with a red square and one without; do not change it."""
    root = tmp_path_factory.mktemp("privacy")
    pictures = [with_square(scene(number), number) for number in (1, 2, 3)]
    pictures.append((scene(4) // 2 + np.array([0, 60, 60])).astype(np.uint8))
    encode(root / "in" / "drive.mp4", [each for each in pictures for _ in range(10)], crf=8)
    done = vidset("extract", root / "in", "-o", root / "place", "--similarity", "1.01", "-q")
    assert done.code == 0, done.err
    return root / "place"


@pytest.fixture
def place(drawn, tmp_path) -> Path:
    shutil.copytree(drawn, tmp_path / "place")
    return tmp_path / "place"
