"""Training runs that kill themselves, as `kill -9` does, at given moments. See test_killed.py.

Each is a process of its own, forked when PyTorch has been imported and has done nothing yet.

python -m tests.training.running.killed REPOSITORY VERSION FOLDER MOMENT ...
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.training.runs import Recorded, train
from vidset.datasets.versions.repository import Repository
from vidset.training.running.folder import RunFolder

EPOCH = 2


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Dying(Recorded):
    def __init__(self, moment: str):
        super().__init__()
        self._moment = moment

    def preparing(self, images: int) -> Callable[[], None]:
        return die if self._moment == "while decoding" else super().preparing(images)

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        left = [batches // 2]

        def step() -> None:
            left[0] -= 1
            if self._moment == "amid an epoch" and number == EPOCH and left[0] == 0:
                die()

        return step

    def ended(self, line: Mapping[str, Any]) -> None:
        if self._moment == "after an epoch" and line["epoch"] == EPOCH:
            die()


def main() -> None:
    """Train into a folder for each moment, named as it, and say how each run ended."""
    repository, version, folder, *moments = sys.argv[1:]
    for moment in moments:
        number = os.fork()
        if not number:
            _train(repository, version, Path(folder, moment), moment)
            os._exit(0)
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _train(repository: str, version: str, output: Path, moment: str) -> None:
    if moment == "before an epoch is kept":
        keep = RunFolder.write_checkpoint

        def write_checkpoint(self: RunFolder, name: str, state: Mapping[str, Any]) -> None:
            if name == "last" and state["epoch"] == EPOCH:
                die()
            keep(self, name, state)

        RunFolder.write_checkpoint = write_checkpoint
    if moment == "before the history is written":
        write = RunFolder.write_history

        def write_history(self: RunFolder, history: list[Mapping[str, Any]]) -> None:
            if len(history) == EPOCH:
                die()
            write(self, history)

        RunFolder.write_history = write_history
    train(Repository(Path(repository)), version, output, progress=_Dying(moment))


if __name__ == "__main__":
    main()
