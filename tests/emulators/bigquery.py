"""BigQuery: bqemulator, in an environment of its own."""

import fcntl
import hashlib
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.emulators.servers import Server, ToolMissingError, cache_folder, serve

# Locked: an emulator reaches deep into its libraries, and a new one of these would break it.
REQUIREMENTS = Path(__file__).with_name("bigquery-requirements.txt")
PROGRAM = Path(__file__).with_name("bigquery_offline.py")
INSTALL_SECONDS = 240


@contextmanager
def bigquery_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    python = _own_python()
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


def _own_python() -> Path:
    """The interpreter of the emulator's environment; made once, whoever comes first."""
    wanted = f"{sys.version} {sys.base_prefix} {REQUIREMENTS.read_text()}"
    folder = cache_folder() / f"bigquery-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _make_environment(folder)
    return folder / "bin" / "python"


def _make_environment(folder: Path) -> None:
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        for command in _commands(unfinished):
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
    except (OSError, subprocess.SubprocessError) as error:
        said = textwrap.shorten(str(getattr(error, "stderr", None) or error), 200)
        by_hand = " && ".join(map(shlex.join, _commands(folder)))
        raise ToolMissingError(f"bqemulator ({said})", by_hand) from None
    unfinished.rename(folder)


def _commands(folder: Path) -> list[list[str]]:
    """What makes the environment. It may be moved: only its interpreter is run."""
    python, requirements = str(folder / "bin" / "python"), ["-r", str(REQUIREMENTS)]
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, *requirements],
        ]
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
    ]
