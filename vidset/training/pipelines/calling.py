"""Calls the command line from a step of the pipeline, in a place of the step's own."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = "schema.json"
_REFUSED = 1


class StepFailedError(RuntimeError):
    """A command has failed, or a gate has refused; Kubeflow shows the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The object that a command printed; `refused` says that it ended with exit code 1."""

    found: Mapping[str, Any]
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls commands in a place, which is a folder that goes with the step."""

    folder: Path

    def __call__(self, *words: str, may_refuse: bool = False) -> Answer:
        """Run a command. What it says beside its result goes to the step's log.

        Raises:
            StepFailedError: it has failed; with its message.
        """
        done = subprocess.run(
            ["vidset", *words, "--json"],
            cwd=self.folder,
            env=os.environ | {"VIDSET_PLACE": str(self.folder)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        try:
            found = json.loads(done.stdout)
        except ValueError:
            found = {}
        refused = done.returncode == _REFUSED and may_refuse and "error" not in found
        if done.returncode and not refused:
            said = found.get("error", {}).get("message", f"exit code {done.returncode}")
            raise StepFailedError(f"vidset {' '.join(words[:2])}: {said}")
        return Answer(found, refused)


@contextmanager
def calling() -> Iterator[Caller]:
    """Yield what calls commands in a new place, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="vidset-step-") as folder:
        yield Caller(Path(folder))


@contextmanager
def having(place: str, *versions: str) -> Iterator[Caller]:
    """Yield what calls commands in a place that has versions and the schema of the shared one."""
    with calling() as vidset:
        vidset("dataset", "pull", *dict.fromkeys(versions), "--from", place)
        yield vidset
