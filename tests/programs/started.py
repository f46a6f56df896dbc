"""`vidset` as a process of its own that needs no time to import anything: see `Preloaded`."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Self

from tests.of_all_workers import started_once
from tests.programs.preloaded import Preloaded


class Started:
    """A command that was started, with what a `subprocess.Popen` has of it.

    Args:
        module: is run as `python -m MODULE` with these words, instead of `vidset`.

    Attributes:
        pid: the number of its process, which leads a session of its own.
        returncode: None until `poll` or `wait` has seen its end.
        stdout, stderr: where its text is read from, if subprocess.PIPE was given.
    """

    stdout: IO[str] | None = None
    stderr: IO[str] | None = None

    def __init__(
        self,
        words: Sequence[object],
        stdout: IO[Any] | int = subprocess.DEVNULL,
        stderr: IO[Any] | int = subprocess.DEVNULL,
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
        module: str | None = None,
    ):
        with ExitStack() as until_started:
            nothing = until_started.enter_context(open(os.devnull, "r+b"))

            def descriptor(name: str, given: IO[Any] | int) -> int:
                if given == subprocess.PIPE:
                    reading, writing = os.pipe()
                    setattr(self, name, open(reading))  # noqa: SIM115
                    until_started.callback(os.close, writing)
                    return writing
                if given == subprocess.DEVNULL:
                    return nothing.fileno()
                return given if isinstance(given, int) else given.fileno()

            given = [nothing.fileno(), descriptor("stdout", stdout), descriptor("stderr", stderr)]
            told = dict(os.environ if environment is None else environment)
            here = os.getcwd() if folder is None else str(folder)
            self.pid, self._peer = preloaded().start([*map(str, words)], given, told, here, module)
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        for pipe in self.stdout, self.stderr:
            if pipe:
                pipe.close()
        self.wait()

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return what it still writes to its pipes, when it ends.

        Raises:
            subprocess.TimeoutExpired: it has not ended within so many seconds, and is killed.
        """
        with ThreadPoolExecutor() as threads:
            pipes = (self.stdout, self.stderr)
            said = [threads.submit(pipe.read) if pipe else None for pipe in pipes]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            out, err = (each.result() if each else "" for each in said)
        return out, err

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        if self.returncode is None and select.select([self._peer], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it ends.

        Raises:
            subprocess.TimeoutExpired: it has not ended within so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._peer], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("vidset", timeout or 0)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            # Its parent may have seen its end, and not have told of it yet.
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        told = self._peer.recv(4)
        assert len(told) == 4, "the process that starts commands has ended"
        self.returncode = int.from_bytes(told, "big", signed=True)
        self._peer.close()


def run(
    words: Sequence[object],
    *,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 600,
    module: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, or a module, as `Started` does.

    Raises:
        subprocess.TimeoutExpired: it has not ended within so many seconds, and is killed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = Started(words, out, err, env, cwd, module)
        try:
            started.wait(timeout)
        finally:
            started.kill()
        texts = []
        for file in out, err:
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(
        [module or "vidset", *map(str, words)], started.wait(), *texts
    )


@cache
def preloaded() -> Preloaded:
    """Return the one process of all workers that starts commands."""
    return Preloaded(started_once("preloaded", Preloaded.start_in))
