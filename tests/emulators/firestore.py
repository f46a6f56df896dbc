"""The official Firestore emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.gcloud import find_jar, java
from tests.emulators.servers import Server, serve


@contextmanager
def firestore_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    jar = find_jar("cloud-firestore-emulator", "cloud-firestore-emulator.jar")

    def command(port: int) -> list[str]:
        main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
        listen = ["--host=127.0.0.1", f"--port={port}"]
        return [*java(), "-Duser.language=en", "-cp", str(jar), main, *listen]

    with serve("firestore", command, "is now running", port=port, folder=folder) as server:
        yield server


@dataclass(frozen=True)
class Firestore:
    """One project of an emulator. Projects share nothing."""

    host: str
    project: str

    @property
    def environment(self) -> dict[str, str]:
        return {"FIRESTORE_EMULATOR_HOST": self.host, "GOOGLE_CLOUD_PROJECT": self.project}
