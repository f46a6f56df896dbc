"""A place with two drawn videos, and an empty cache folder for each test."""

from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="package")
def drawn_place(tmp_path_factory) -> Path:
    """Two videos of which the second shows some of the first's scenes. Do not change it."""
    root = tmp_path_factory.mktemp("embeddings")
    (root / "in").mkdir()
    write_video(root / "in" / "one.mp4", [1, 2, 3, 4])
    write_video(root / "in" / "two.mp4", [5, 2, 3])
    done = vidset("extract", root / "in", "-o", root / "place", "--similarity", "1.01", "-q")
    assert done.code == 0, done.err
    return root / "place"
