"""Calls the program of a model: on this machine, or in a container. See docs/training.md."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.storage.writing import refuse_link, write_atomically
from vidset.training.models.commands import CONTRACT, CommandModel

LOG = "program.log"
_IN_CONTAINER = "/vidset"
_LAST_BYTES, _LAST_LINES = 8_000, 12
_TO_STOP_SECONDS = 10


class Program:
    """The program of a model, with a run's folder to work in.

    Args:
        model: its files below `run`: what runs is what the recipe's hash was computed of.
        run: the run's folder. A container sees nothing else of this machine.
    """

    def __init__(self, model: CommandModel, run: Path):
        self._model, self._run = model, run.absolute()

    def path(self, path: Path) -> str:
        """Return a path below the run's folder as the program sees it."""
        if self._model.image is None:
            return str(path.absolute())
        return f"{_IN_CONTAINER}/{path.absolute().relative_to(self._run).as_posix()}"

    def call(self, action: str, said: Mapping[str, Any], work: Path) -> None:
        """Write the request into `work`, run the program, and wait until it ends.

        Its output is added to program.log in the run's folder. It ends when this process is
        stopped, and so do the processes that it has started.

        Raises:
            DatasetError: there is no such program, or it failed; with the end of its output.
        """
        request = work / f"{action}.json"
        model = self._model
        masks = {"masks": True} if model.masks else {}
        whole = {"contract": CONTRACT, "action": action, "task": model.task, **masks, **said}
        text = json.dumps(whole, indent=1)
        write_atomically(request, text)
        words = self._words(self.path(request), said)
        log = self._run / LOG
        refuse_link(log)
        with open(log, "ab", opener=_follow_no_link) as output:
            began = output.tell()
            code = self._wait(words, output, said)
        if code:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise DatasetError(
                f"{model.name}: its program ended {action} with {how}. {log} ends so:\n"
                f"{_end_of(log, began)}"
            )

    def _words(self, request: str, said: Mapping[str, Any]) -> list[str]:
        model = self._model
        if model.image is None:
            return [*model.command, request]
        gpus = ["--gpus", "all"] if said["device"] == "cuda" else []
        if "," in str(self._run) or '"' in str(self._run):
            # The option --mount has no one way to quote them that all versions of both know.
            raise DatasetError(
                f"{self._run}: wanted a run's folder without comma and quotation mark in its path, "
                f"for {model.runtime} to mount"
            )
        settings = (f"{name}={value}" for name, value in _settings(said).items())
        return [
            *(model.runtime, "run", "--rm", "--init", "--network", "none"),
            *("--user", f"{os.getuid()}:{os.getgid()}", *gpus),
            *(word for each in settings for word in ("--env", each)),
            *("--mount", f"type=bind,source={self._run},target={_IN_CONTAINER}"),
            *("--workdir", self.path(model.folder), model.image, *model.command, request),
        ]

    def _wait(self, words: list[str], output: Any, said: Mapping[str, Any]) -> int:
        try:
            process = subprocess.Popen(
                words,
                cwd=self._model.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **_settings(said)},
                start_new_session=True,
            )
        except OSError as error:
            raise DatasetError(
                f"{self._model.name}: its program {words[0]!r} cannot be started: {error.strerror}"
            ) from None
        try:
            return process.wait()
        finally:
            _stop(process)


def _settings(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that libraries read of threads and seeds, by name."""
    threads = str(said["threads"])
    return {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONHASHSEED": str(said["seed"] % 2**32),
    }


def _follow_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the program and what it has started, with time to end by itself first."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_TO_STOP_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_of(log: Path, began: int) -> str:
    refuse_link(log)  # The program may have put one in its place.
    with open(log, "rb", opener=_follow_no_link) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(began, size - _LAST_BYTES))
        text = file.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-_LAST_LINES:])
