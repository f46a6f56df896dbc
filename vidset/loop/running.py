"""Runs a loop: each step as the command that a person would type, and none twice in vain.

After each step its result is written down below the place, in `loops/`. A loop that was interrupted
goes on there, and one whose inputs have changed runs what depends on them.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from typing import Any

from vidset.json_files import parse_json, read_object
from vidset.loop.loop_file import LoopFile
from vidset.loop.steps import Outcome, RefusedError, Step, steps_of
from vidset.storage.writing import make_folder, open_lock, write_atomically
from vidset.versions import vidset_version

Run = Callable[[Step, Path, Path], Outcome]
FOLDER = "loops"
_REFUSED = 1


class StepError(ValueError):
    """A step's command has failed.

    Attributes:
        code: the exit code of its command; negative for a signal that ended it.
    """

    def __init__(self, step: str, reason: str, code: int):
        super().__init__(step, reason, code)
        self.code = code

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is over.

    Attributes:
        state: "run", "taken" (the result of before holds) or "refused".
        seconds: how long it took; 0 where it was taken.
    """

    step: str
    command: str
    state: str
    seconds: float


@dataclass(slots=True)
class Summary:
    """The outcome of a loop.

    Attributes:
        version: the one that it is about; None where that was not known when it stopped.
        refused: why the loop stopped before its end; None: it did not.
        results: what each step's command printed with --json.
    """

    steps: list[Done] = field(default_factory=list)
    version: str | None = None
    refused: str | None = None
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def run_loop(
    loop: LoopFile,
    name: str,
    place: Path,
    show: Callable[[Step, str], None] = lambda *_: None,
    run: Run | None = None,
) -> Summary:
    """Run the steps of a loop, or take their results of before.

    Args:
        name: of the loop in its place: the file's, without its ending.
        show: is told of each step, and of its state: "running", "run", "taken" or "refused".
        run: runs a step from the loop's folder, on the place; None: as a command of vidset.

    Raises:
        StepError: a command failed; the same call goes on from there.
        ValueError: another process runs this loop, or what it wrote down cannot be read.
    """
    summary = Summary()
    steps = steps_of(loop)
    with _locked(place, name) as known:
        try:
            step = next(steps)
            while True:
                ask = partial(run or run_command, step, loop.folder, place)
                outcome = _outcome(step, known, loop.folder, summary, ask, show)
                step = steps.send(outcome)
        except StopIteration as end:
            summary.version = end.value
        except RefusedError as refused:
            summary.refused = str(refused)
        if summary.version is None:
            summary.version = _version_of(summary.results)
    return summary


def _version_of(results: Mapping[str, Mapping[str, Any]]) -> str | None:
    for step in "apply", "create", "version":
        if step in results:
            return str(results[step]["version"])
    return None


class _Known:
    """The results that were written down, by step."""

    def __init__(self, path: Path):
        self._path = path
        try:
            self._steps: dict[str, Any] = read_object(path, "results of a loop").get("steps", {})
        except FileNotFoundError:
            self._steps = {}

    def find(self, step: Step, key: str, folder: Path) -> Outcome | None:
        found = self._steps.get(step.name)
        if step.outputs is None or not isinstance(found, dict) or found.get("key") != key:
            return None
        try:
            stamps = _stamps(step.outputs(found["result"]), folder)
        except (KeyError, TypeError):
            return None  # Somebody has changed the file: the step runs.
        return Outcome(found["result"]) if stamps == found.get("outputs") else None

    def keep(self, step: Step, key: str, outcome: Outcome, folder: Path) -> None:
        paths = step.outputs(outcome.result) if step.outputs else []
        self._steps[step.name] = {
            "key": key,
            "result": outcome.result,
            "outputs": _stamps(paths, folder),
        }
        text = json.dumps({"steps": self._steps}, indent=1, sort_keys=True)
        write_atomically(self._path, f"{text}\n")


def _stamps(paths: Sequence[str], folder: Path) -> list[list[int] | None]:
    """Return what tells whether files are those of before; None for one that is gone."""
    found: list[list[int] | None] = []
    for path in paths:
        try:
            status = (folder / path).stat()
        except OSError:
            found.append(None)
        else:
            found.append([status.st_mtime_ns, status.st_size])
    return found


@contextmanager
def _locked(place: Path, name: str) -> Iterator[_Known]:
    folder = place / FOLDER
    make_folder(place, folder)
    with open_lock(folder / f"{name}.lock") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"{folder / name}: another process runs this loop; wait until it ends"
            ) from None
        yield _Known(folder / f"{name}.json")


def _outcome(
    step: Step,
    known: _Known,
    folder: Path,
    summary: Summary,
    ask: Callable[[], Outcome],
    show: Callable[[Step, str], None],
) -> Outcome:
    key = _key(step, folder)
    began, outcome = time.monotonic(), known.find(step, key, folder)
    state, seconds = "taken", 0.0
    if outcome is None:
        show(step, "running")
        outcome = ask()
        state, seconds = "refused" if outcome.refused else "run", time.monotonic() - began
        if not outcome.refused:
            known.keep(step, key, outcome, folder)
    show(step, state)
    summary.steps.append(Done(step.name, command_of(step), state, round(seconds, 3)))
    summary.results[step.name] = outcome.result
    return outcome


def command_of(step: Step) -> str:
    """Return a step as a person would type it in the place."""
    return " ".join(["vidset", *step.words])


def _key(step: Step, folder: Path) -> str:
    """Return what a step's result depends on: its words, the files that they name, and vidset."""
    files = {word: _digest(folder / word) for word in step.words if os.path.isfile(folder / word)}
    what = [step.words, step.inputs, files, vidset_version()]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_command(step: Step, folder: Path, place: Path) -> Outcome:
    """Run a step as a command of vidset, in a process of its own.

    Raises:
        StepError: it failed.
    """
    # -P: nothing beside the loop's file is taken for vidset.
    program = (sys.executable, "-P", "-m", "vidset")
    with subprocess.Popen(
        [*program, *step.words, "-p", str(place), "--json"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Else a terminal's Ctrl-C comes twice, and the second one kills.
    ) as process:
        try:
            said, _ = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise
    return _read(step, said, process.returncode)


def _read(step: Step, said: bytes, code: int) -> Outcome:
    command = command_of(step)
    try:
        found = parse_json(said, command, "the result of a command")
    except ValueError:
        found = None
    if code == _REFUSED and step.may_refuse and isinstance(found, dict) and "error" not in found:
        return Outcome(found, refused=True)
    if code == 0 and isinstance(found, dict):
        return Outcome(found)
    raise StepError(step.name, _reason(found, command, code), code)


def _reason(found: Any, command: str, code: int) -> str:
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict) and error.get("message"):
        hint = f" {error['hint']}" if error.get("hint") else ""
        return f"{error['message']}{hint}"
    return f"{command} ended with {_named(code)}"


def _named(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def steps_shown(names: Sequence[Done]) -> str:
    """Return a line that counts the steps by what became of them."""
    counts = {state: sum(done.state == state for done in names) for state in ("run", "taken")}
    return f"{counts['run']} steps run, {counts['taken']} taken from before"
