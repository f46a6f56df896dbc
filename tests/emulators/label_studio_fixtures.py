"""Pytest fixtures of the Label Studio server, which runs once a session (once a worker)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.emulators.fixtures import _load, _required, _set
from tests.emulators.servers import Server

if TYPE_CHECKING:
    from tests.emulators.label_studio import Callbacks, LabelStudio


@pytest.fixture(scope="session")
def label_studio_server(tmp_path_factory) -> Iterator[Server]:
    start = _load("label_studio").label_studio_server
    with _required(start(folder=tmp_path_factory.mktemp("label-studio"))) as server:
        yield server


@pytest.fixture
def label_studio(label_studio_server, monkeypatch) -> Iterator["LabelStudio"]:
    """Shared by the tests of a session: each makes a project of its own."""
    _set(monkeypatch, {})
    label_studio = _load("label_studio").LabelStudio(label_studio_server.url)
    with label_studio.client:
        yield label_studio


@pytest.fixture
def callbacks() -> Iterator["Callbacks"]:
    """A server of this test's own, to which webhooks can be sent."""
    with _load("label_studio").callbacks() as received:
        yield received
