"""Pytest fixtures: each test gets a project, a Cloud Storage, an S3 and a queue of its own.

The slow servers run once a session, though pytest-xdist has several processes: of moto and of
bqemulator, each worker has one. fake-gcs-server starts so fast that each test has its own. The
environment names the servers for the time of one test only. A missing tool skips the test, or
fails it when VIDSET_REQUIRE_TOOLS=1.
"""

import importlib
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import Server, ToolMissingError
from tests.emulators.shared import shared_server

if TYPE_CHECKING:  # The clients take a second to import, which tests without a server save.
    from tests.emulators.bigquery import Bigquery
    from tests.emulators.firestore import Firestore
    from tests.emulators.gcs import Gcs, GcsWithEvents
    from tests.emulators.pubsub import Pubsub
    from tests.emulators.rabbitmq import Rabbitmq
    from tests.emulators.s3 import S3


def _load(module: str) -> Any:
    """The module of a server, if the client library that it imports is there."""
    try:
        return importlib.import_module(f"tests.emulators.{module}")
    except ImportError as error:
        missing = ToolMissingError(f"a client library ({error})", "uv sync --all-extras")
    return skip_or_fail(missing)


@contextmanager
def _required(server: AbstractContextManager[Server]) -> Iterator[Server]:
    missing = None
    with ExitStack() as stack:
        try:
            yield stack.enter_context(server)
        except ToolMissingError as error:
            missing = error
    if missing:
        skip_or_fail(missing)


def _set(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in "NO_PROXY", "no_proxy":  # Else the clients ask a proxy for 127.0.0.1.
        monkeypatch.setenv(name, "127.0.0.1", prepend=",")


@pytest.fixture(scope="session")
def pubsub_emulator(tmp_path_factory) -> Iterator[Server]:
    _load("pubsub")
    with _required(shared_server("pubsub", tmp_path_factory.mktemp("pubsub"))) as server:
        yield server


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory) -> Iterator[Server]:
    _load("firestore")
    with _required(shared_server("firestore", tmp_path_factory.mktemp("firestore"))) as server:
        yield server


@pytest.fixture(scope="session")
def bigquery_emulator(tmp_path_factory) -> Iterator[Server]:
    start = _load("bigquery").bigquery_server
    with _required(start(folder=tmp_path_factory.mktemp("bigquery"))) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_broker(tmp_path_factory) -> Iterator[Server]:
    _load("rabbitmq")
    with _required(shared_server("rabbitmq", tmp_path_factory.mktemp("rabbitmq"))) as server:
        yield server


@pytest.fixture(scope="session")
def s3_emulator(tmp_path_factory) -> Iterator[Server]:
    start = _load("s3").s3_server
    with _required(start(folder=tmp_path_factory.mktemp("s3"))) as server:
        yield server


@pytest.fixture
def emulator_project() -> str:
    """The id of a project of this test's own. Beam wants 6 characters or more."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def pubsub(pubsub_emulator, emulator_project, monkeypatch) -> Iterator["Pubsub"]:
    pubsub = _load("pubsub").Pubsub(pubsub_emulator.address, emulator_project)
    _set(monkeypatch, pubsub.environment)
    yield pubsub
    pubsub.close()


@pytest.fixture
def gcs(emulator_project, tmp_path_factory, monkeypatch) -> Iterator["Gcs"]:
    module, folder = _load("gcs"), tmp_path_factory.mktemp("gcs")
    with _required(module.gcs_server(folder=folder)) as server:
        gcs = module.Gcs(server.url, emulator_project)
        _set(monkeypatch, gcs.environment)
        yield gcs


@pytest.fixture
def gcs_with_events(pubsub, tmp_path_factory, monkeypatch) -> Iterator["GcsWithEvents"]:
    module, folder = _load("gcs"), tmp_path_factory.mktemp("gcs")
    topic = pubsub.create_topic("object-events")
    subscription = pubsub.create_subscription("extract-frames", topic)
    events = (pubsub.host, pubsub.project, "object-events")
    with _required(module.gcs_server(events=events, folder=folder)) as server:
        gcs = module.GcsWithEvents(server.url, pubsub.project, pubsub, topic, subscription)
        _set(monkeypatch, gcs.environment)
        yield gcs


@pytest.fixture
def firestore(firestore_emulator, emulator_project, monkeypatch) -> "Firestore":
    firestore = _load("firestore").Firestore(firestore_emulator.address, emulator_project)
    _set(monkeypatch, firestore.environment)
    return firestore


@pytest.fixture
def bigquery(bigquery_emulator, emulator_project, monkeypatch) -> "Bigquery":
    bigquery = _load("bigquery").Bigquery(bigquery_emulator.url, emulator_project)
    _set(monkeypatch, bigquery.environment)
    return bigquery


@pytest.fixture
def rabbitmq(rabbitmq_broker) -> "Rabbitmq":
    return _load("rabbitmq").Rabbitmq(rabbitmq_broker.address, f"test-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def s3(s3_emulator, monkeypatch) -> "S3":
    s3 = _load("s3").S3(s3_emulator.url)
    _set(monkeypatch, s3.environment)
    s3.clear()
    return s3
