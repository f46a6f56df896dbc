"""BigQuery: bqemulator, in an environment of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.emulators.environments import own_python
from tests.emulators.servers import Server, cache_folder, serve

# Locked: an emulator reaches deep into its libraries, and a new one of these would break it.
REQUIREMENTS = Path(__file__).with_name("bigquery-requirements.txt")
PROGRAM = Path(__file__).with_name("bigquery_offline.py")
INSTALL_SECONDS = 240


@contextmanager
def bigquery_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    python = emulator_python()
    uploads = cache_folder() / "bigquery-uploads"  # The server removes each when it has read it.

    def command(port: int) -> list[str]:
        return [str(python), "-I", str(PROGRAM), str(port), str(uploads)]

    with serve("bigquery", command, "grpc.listen", port=port, folder=folder) as server:
        yield server


@dataclass(frozen=True)
class Bigquery:
    """One project of an emulator. Projects share nothing. Works whatever the environment says."""

    url: str
    project: str

    @property
    def environment(self) -> dict[str, str]:
        return {"BIGQUERY_EMULATOR_HOST": self.url, "GOOGLE_CLOUD_PROJECT": self.project}

    def client(self) -> bigquery.Client:
        return bigquery.Client(
            project=self.project,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.url},
        )

    def make_table(self, name: str, schema: Path) -> str:
        """A new table `dataset.table` of the columns in a JSON file; return its full name."""
        client, full = self.client(), f"{self.project}.{name}"
        client.create_dataset(name.partition(".")[0], exists_ok=True)
        client.create_table(bigquery.Table(full, client.schema_from_json(str(schema))))
        return full

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client().query(sql).result()]


def emulator_python() -> Path:
    """The interpreter that the emulator runs with."""
    return own_python("bqemulator", REQUIREMENTS, INSTALL_SECONDS)
