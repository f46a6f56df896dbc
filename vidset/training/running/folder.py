"""RUN/: what a training run leaves behind."""

import fcntl
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import write_atomically
from vidset.json_files import read_object
from vidset.regular_files import read_regular_text
from vidset.storage.writing import open_lock
from vidset.training.scoring.predictions import to_parquet
from vidset.training.scoring.run import LAST_EPOCHS


class RunBusyError(DatasetError):
    """Another process trains in a run's folder."""


class RunFolder:
    """run.json, history.jsonl, predictions/, checkpoints/, tensorboard/: each file whole or not.

    checkpoints/last.pt is the commit marker of an epoch; all else can be made from it again.
    """

    def __init__(self, root: Path):
        self.root = root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Locks the folder for one process at a time.

        Raises:
            RunBusyError: another one trains in it.
            DatasetError: it cannot be written to, or holds other things.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.run()
            file = open_lock(self.root / ".lock")
        except OSError as error:
            raise DatasetError(f"--output {self.root}: {error.strerror}") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunBusyError(f"{self.root}: another process trains in it") from None
            yield

    def run(self) -> dict[str, Any] | None:
        """Returns what run.json says; None before the run.

        Raises:
            DatasetError: the folder holds something else.
        """
        path = self.root / "run.json"
        if path.exists():
            return read_object(path, "a run", DatasetError)
        others = [each.name for each in self.root.iterdir() if each.name != ".lock"]
        if others:
            raise DatasetError(f"{self.root}: wanted a training run or nothing, got {others[0]}")
        return None

    def write_run(self, run: Mapping[str, Any]) -> None:
        """Writes run.json."""
        write_atomically(self.root / "run.json", json.dumps(run, indent=1).encode())

    def write_history(self, history: Sequence[Mapping[str, Any]]) -> None:
        """A line an epoch."""
        lines = "".join(json.dumps(each) + "\n" for each in history)
        write_atomically(self.root / "history.jsonl", lines.encode())

    def history(self) -> list[dict[str, Any]]:
        """Return the lines of history.jsonl, one for each epoch that is done."""
        lines = read_regular_text(self.root / "history.jsonl").splitlines()
        return [json.loads(line) for line in lines]

    def write_predictions(self, split: str, epoch: int, table: pa.Table) -> None:
        """Write the predictions for one split after one epoch, counted from 1."""
        write_atomically(self._predictions(split, epoch), to_parquet(table))

    def keep_predictions(self, splits: Sequence[str], epoch: int, best: int) -> None:
        """Remove those that are neither of the best epoch nor of the last five."""
        kept = {best, *range(epoch - LAST_EPOCHS + 1, epoch + 1)}
        for split in splits:
            names = {self._predictions(split, each) for each in kept}
            for path in (self.root / "predictions" / split).glob("epoch-*.parquet"):
                if path not in names:
                    path.unlink()

    def write_checkpoint(self, name: str, state: Mapping[str, Any]) -> None:
        """`last` or `best`."""
        import torch

        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        write_atomically(self._checkpoint(name), buffer.getvalue())

    def checkpoint(self, name: str) -> dict[str, Any] | None:
        """Reads a checkpoint; None if it was not written."""
        import torch

        path = self._checkpoint(name)
        return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None

    def _checkpoint(self, name: str) -> Path:
        return self.root / "checkpoints" / f"{name}.pt"

    def _predictions(self, split: str, epoch: int) -> Path:
        return self.root / "predictions" / split / f"epoch-{epoch:04d}.parquet"
