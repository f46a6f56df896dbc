import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.bigquery_ledger import Cloud
from tests.drawing import write_video
from tests.paths import SHARED
from vidset.datasets.versions.repository import Repository

pytest_plugins = ["tests.emulators.fixtures", "tests.emulators.label_studio_fixtures"]

SHARED_VIDEOS = SHARED / "videos"
# Machines are loaded: how long an example takes says nothing.
settings.register_profile("vidset", deadline=None, max_examples=40)
# What `make chaos` takes.
settings.register_profile("many", deadline=None, max_examples=400)
settings.load_profile("vidset")


@pytest.fixture
def shared_videos() -> Path:
    """Real videos that stand beside the checkout where this project is developed."""
    if not SHARED_VIDEOS.is_dir():
        pytest.skip(f"the real videos are not here: no folder {SHARED_VIDEOS}")
    return SHARED_VIDEOS


@pytest.fixture
def video(tmp_path) -> Path:
    """Five seconds, the picture new at 0, 1, 2 and 4 s: at one sample a second, 3 s is a repeat."""
    path = tmp_path / "videos" / "drive.mp4"
    write_video(path, scenes=[0, 1, 2, 2, 4])
    return path


@pytest.fixture(autouse=True)
def _no_settings_of_ones_own(monkeypatch):
    """Whoever runs the tests may have a broker's variables set."""
    for name in os.environ:
        if name.startswith(("LABELING_", "LABEL_STUDIO_", "SCALE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def cloud(bigquery) -> Cloud:
    return Cloud(bigquery)


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "datasets")
