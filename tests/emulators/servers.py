"""Servers as subprocesses: on a free port, used once ready, gone with their owner."""

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
ATTEMPTS = 5
LOG_LINES = 40
_PORTS = (12_000, 32_000)  # Linux gives connections 32768 and above, macOS 49152.
PORT_TAKEN = "address already in use"  # Every server's words, Java, Go and Python; in lower case.


class ServerError(RuntimeError):
    """A server that did not become ready; the message ends with the tail of its log."""


class PortTakenError(ServerError):
    """Another process listens on the port."""


class ToolMissingError(RuntimeError):
    """A program is not installed; the message names the command that installs it."""

    def __init__(self, tool: str, install: str):
        super().__init__(tool, install)

    def __str__(self) -> str:
        return "{} is not installed; get it with: {}".format(*self.args)


@dataclass(frozen=True, slots=True)
class Server:
    """A process that accepts connections on `port`; `log` is all that it writes."""

    name: str
    port: int
    log: Path
    watchdog: subprocess.Popen = field(repr=False)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def running(self) -> bool:
        return self.watchdog.poll() is None

    def wait_until_ready(self, started: str, seconds: float) -> None:
        """Return once the log holds `started` and the port accepts a connection.

        The log tells our server from another one on the same port.
        """
        deadline = time.monotonic() + seconds
        while True:
            running, log = self.running, self.log.read_text(errors="replace")
            if PORT_TAKEN in log.lower():
                raise PortTakenError(self._failure(f"found port {self.port} taken", log))
            if not running:
                raise ServerError(self._failure("ended before it was ready", log))
            if started in log and _accepts(self.port):
                return
            if time.monotonic() >= deadline:
                raise ServerError(self._failure(f"was not ready after {seconds:g} s", log))
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill the server and everything it started; nothing here is worth a slow farewell."""
        self.watchdog.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.watchdog.wait(5)
        with suppress(ProcessLookupError, PermissionError):  # macOS: the latter, for zombies.
            os.killpg(self.watchdog.pid, signal.SIGKILL)
        self.watchdog.wait()

    def _failure(self, what: str, log: str) -> str:
        tail = "\n".join(log.splitlines()[-LOG_LINES:]) or "(empty)"
        return f"the {self.name} server {what}. Its log ends with:\n{tail}"


@contextmanager
def serve(
    name: str,
    command: Callable[[int], list[str]],
    started: str,
    *,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    seconds: float = 600,
) -> Iterator[Server]:
    """A running server, stopped at the end of the block, and at the end of this process.

    Args:
        command: gives the command line for a port.
        started: what the server logs once it listens.
        port: the only one to try; None takes free ones until one stays free.
        folder: where the log goes, and stays; None for a temporary folder.
        seconds: how long the server may take to become ready.
    """
    # A program in Python tells a file only now and then that it is ready.
    env = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
    with _folder(name) if folder is None else nullcontext(folder) as logs:
        for attempt in range(1, ATTEMPTS + 1):
            chosen = port or free_port()
            server = _launch(name, command(chosen), chosen, env, logs / f"{name}.log")
            with _stopped_at_the_end(server):
                try:
                    server.wait_until_ready(started, seconds)
                except PortTakenError:
                    if port or attempt == ATTEMPTS:
                        raise
                    continue
                yield server
                return


def find_program(name: str, install: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ToolMissingError(name, install)
    return path


def cache_folder() -> Path:
    """A folder of this user's alone, shared by all workers of all runs."""
    path = Path(tempfile.gettempdir(), f"vidset-emulators-{os.getuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to another user")
    return path


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"vidset-{name}-") as path:
        yield Path(path)


def _launch(
    name: str, command: list[str], port: int, environment: dict[str, str], log: Path
) -> Server:
    watchdog = [sys.executable, "-I", "-S", str(Path(__file__).with_name("watchdog.py"))]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*watchdog, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    return Server(name, port, log, process)


@contextmanager
def _stopped_at_the_end(server: Server) -> Iterator[None]:
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:  # Not in a fork of the owner: the server is not its own.
            server.stop()

    atexit.register(stop)
    try:
        yield
    finally:
        stop()
        atexit.unregister(stop)


def free_port() -> int:
    """Return a port that nothing listens on.

    It is none of those that the system gives to connections, which hundreds of clients take and
    leave between our look and the server's.
    """
    while True:
        port = random.randrange(*_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
