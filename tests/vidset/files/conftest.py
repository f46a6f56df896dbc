"""An output with labels, and a place for an export."""

import os
from pathlib import Path

import pytest

from tests.vidset.exports import make_labeled


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in os.environ:
        if name.startswith(("LABELING_", "LABEL_STUDIO_", "SCALE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def out(tmp_path) -> Path:
    return make_labeled(tmp_path / "out")


@pytest.fixture
def to(tmp_path) -> Path:
    return tmp_path / "sets" / "export"
