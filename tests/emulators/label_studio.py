"""Label Studio: the real server on SQLite, in an environment of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.emulators.environments import digest, locked, own_python
from tests.emulators.handlers import Handler, serve_requests
from tests.emulators.servers import HOST, PortTakenError, Server, cache_folder, serve

# Locked: a new one of these would change the server.
REQUIREMENTS = Path(__file__).with_name("label-studio-requirements.txt")
INSTALL_SECONDS = 900
START_SECONDS = 900
USER, TOKEN = "annotator@example.com", "0123456789abcdef0123456789abcdef01234567"
_SETTINGS = {
    "LABEL_STUDIO_USERNAME": USER,
    "LABEL_STUDIO_PASSWORD": "vidset-for-tests",
    "LABEL_STUDIO_USER_TOKEN": TOKEN,
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    # It calls nobody, and tells webhooks on this machine.
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SSRF_PROTECTION_ENABLED": "false",
}


@contextmanager
def label_studio_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    """With one user and no project. The data is gone at the end.

    VIDSET_LABEL_STUDIO is the path of a `label-studio` to run instead of one of its own.
    """
    python, empty = own_python_and_data()
    with TemporaryDirectory(prefix="vidset-label-studio-data-") as data:
        shutil.copytree(empty, data, dirs_exist_ok=True)
        with _serve(python, Path(data), port, folder) as server:
            yield server


@dataclass(frozen=True)
class LabelStudio:
    """What an annotator does, through the server's API."""

    url: str
    token: str = TOKEN
    client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Token {self.token}"}
        client = httpx.Client(base_url=self.url, headers=headers, timeout=600)
        object.__setattr__(self, "client", client)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        response = self.client.request(method, path, **arguments)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def annotate(self, task_id: str | int, result: list[Any], **values: Any) -> int:
        body = {"result": result, **values}
        return self.call("POST", f"/api/tasks/{task_id}/annotations/", json=body)["id"]

    def update(self, annotation_id: int, **values: Any) -> None:
        self.call("PATCH", f"/api/annotations/{annotation_id}/", json=values)

    def delete(self, annotation_id: int) -> None:
        self.call("DELETE", f"/api/annotations/{annotation_id}/")

    def act(self, action: str, project_id: int, *task_ids: str) -> None:
        """An action of the data manager, on some tasks."""
        body = {"selectedItems": {"all": False, "included": [int(each) for each in task_ids]}}
        params = {"id": action, "project": project_id}
        self.call("POST", "/api/dm/actions/", params=params, json=body)

    def tasks(self, project_id: int) -> list[dict[str, Any]]:
        params = {"project": project_id, "page_size": 10_000, "fields": "all"}
        return self.call("GET", "/api/tasks/", params=params)["tasks"]

    def projects(self, title: str) -> list[dict[str, Any]]:
        listed = self.call("GET", "/api/projects/", params={"title": title, "page_size": 1000})
        return [project for project in listed["results"] if project["title"] == title]


@dataclass(frozen=True)
class Callbacks:
    """An HTTP server that takes what webhooks send: headers and body, in their order."""

    url: str
    received: "Queue[tuple[dict[str, str], bytes]]"

    def next(self, seconds: float = 600) -> tuple[dict[str, str], bytes]:
        return self.received.get(timeout=seconds)


@contextmanager
def callbacks() -> Iterator[Callbacks]:
    received: Queue[tuple[dict[str, str], bytes]] = Queue()

    def answer(request: Handler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received.put((headers, request.body()))
        request.reply(204)

    with serve_requests(answer) as url:
        yield Callbacks(f"{url}/label-studio", received)


@contextmanager
def _serve(python: Path, data: Path, port: int | None, folder: Path | None) -> Iterator[Server]:
    def command(port: int) -> list[str]:
        listen = ["--no-browser", "--internal-host", HOST, "--port", str(port)]
        return [str(python), "-m", "label_studio.server", "start", *listen]

    environment = _SETTINGS | {"LABEL_STUDIO_BASE_DATA_DIR": str(data)}
    with serve(
        "label-studio",
        command,
        "Quit the server with",
        port=port,
        folder=folder,
        environment=environment,
        seconds=START_SECONDS,
    ) as server:
        # Where the port is taken it goes on to the next one.
        if f"http://{server.address}/" not in server.log.read_text(errors="replace"):
            raise PortTakenError(f"Label Studio found port {server.port} taken")
        yield server


def own_python_and_data() -> tuple[Path, Path]:
    """The interpreter of the server's environment, and the data of a server just set up.

    Made once, whoever comes first: to install takes minutes, to set up a database one more.
    """
    if given := os.environ.get("VIDSET_LABEL_STUDIO"):
        python = Path(given).with_name("python")
    else:
        python = own_python("label-studio", REQUIREMENTS, INSTALL_SECONDS)
    name = f"label-studio-data-{digest(REQUIREMENTS.read_text(), str(_SETTINGS))}"
    data = cache_folder() / name
    with locked(data):
        if not data.exists():
            _make_data(python, data)
    return python, data


def _make_data(python: Path, data: Path) -> None:
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    with _serve(python, unfinished, None, None):
        pass  # The database and its user are there before the server listens.
    unfinished.rename(data)
