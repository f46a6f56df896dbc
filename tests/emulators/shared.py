"""One server for all workers of a run of tests: whoever needs it first has it started.

    python -m tests.emulators.shared NAME FOLDER PID

starts it, tells of it in a line of JSON, and keeps it until the process PID is gone.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.emulators.environments import locked
from tests.emulators.servers import Server, ServerError, ToolMissingError

_POLL_SECONDS = 0.2
_WORKER = "PYTEST_XDIST_WORKER"


@dataclass(frozen=True, slots=True)
class _Keeper:
    """The process that keeps a server; of it we only ask whether it is there."""

    pid: int

    def poll(self) -> int | None:
        return None if _is_running(self.pid) else 1


def start(name: str, folder: Path) -> AbstractContextManager[Server]:
    """Return a server that logs in a folder: `tests.emulators.NAME` has its `NAME_server`."""
    module = importlib.import_module(f"tests.emulators.{name}")
    return getattr(module, f"{name}_server")(folder=folder)


@contextmanager
def shared_server(name: str, folder: Path) -> Iterator[Server]:
    """Yield a server, which under pytest-xdist is that of all workers and ends after them.

    Args:
        name: of the server's module.
        folder: of this process and this server.

    Raises:
        ToolMissingError, ServerError: there is none.
    """
    if _WORKER not in os.environ:
        with start(name, folder) as server:
            yield server
        return
    of_all = folder.parents[1] / f"shared-{name}"
    of_all.mkdir(exist_ok=True)
    told = of_all / "server.json"
    with locked(told):
        if not told.exists():
            _have_it_kept(name, of_all, told)
    found = json.loads(told.read_text())
    log, keeper = Path(found["log"]), _Keeper(found["keeper"])
    yield Server(name, found["port"], log, keeper)  # type: ignore[arg-type]


def _have_it_kept(name: str, folder: Path, told: Path) -> None:
    """Start a server for all, and note where it is."""
    command = [sys.executable, "-m", __name__, name, str(folder), str(os.getppid())]
    keeper = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert keeper.stdout is not None
    with keeper.stdout:
        line = keeper.stdout.readline()
    found = json.loads(line or '{"failed": "the process that keeps it ended"}')
    if "missing" in found:
        raise ToolMissingError(*found["missing"])
    if "failed" in found:
        raise ServerError(found["failed"])
    told.write_text(json.dumps(found | {"keeper": keeper.pid}))


def _keep(name: str, folder: Path, owner: int) -> None:
    try:
        with start(name, folder) as server:
            _tell({"port": server.port, "log": str(server.log)})
            while _is_running(owner) and server.running:
                time.sleep(_POLL_SECONDS)
    except ToolMissingError as missing:
        _tell({"missing": missing.args})
    except ServerError as error:
        _tell({"failed": str(error)})


def _tell(found: dict[str, object]) -> None:
    print(json.dumps(found), flush=True)


def _is_running(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


if __name__ == "__main__":
    _keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
