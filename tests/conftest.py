import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.bigquery_ledger import Cloud
from tests.drawing import write_video
from tests.of_all_workers import make_folder
from tests.paths import SHARED
from tests.programs.workers import ready_workers
from vidset.datasets.versions.repository import Repository

pytest_plugins = [
    *("tests.emulators.fixtures", "tests.emulators.label_studio_fixtures"),
    *("tests.collected", "tests.order"),
]

SHARED_VIDEOS = SHARED / "videos"
# Machines are loaded: how long it takes to make an example, or to try it, says nothing.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time: what a change did not break does not fail it. `make chaos` draws
# others, and more.
settings.register_profile("vidset", _PATIENT, max_examples=40, derandomize=True)
settings.register_profile("many", _PATIENT, max_examples=400)
settings.load_profile("vidset")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        make_folder()


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


@pytest.fixture(autouse=True)
def _workers_are_ready() -> Iterator[None]:
    """Work that a test has done by processes begins without importing anything."""
    with ready_workers():
        yield


@pytest.fixture
def cloud(bigquery) -> Cloud:
    return Cloud(bigquery)


@pytest.fixture
def repository(tmp_path) -> Repository:
    return Repository(tmp_path / "datasets")
