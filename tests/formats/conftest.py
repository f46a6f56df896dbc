"""An output with labels, and a place for an export."""

from pathlib import Path

import pytest

from tests.cli.exports import make_labeled


@pytest.fixture
def out(tmp_path) -> Path:
    return make_labeled(tmp_path / "out")


@pytest.fixture
def to(tmp_path) -> Path:
    return tmp_path / "sets" / "export"
