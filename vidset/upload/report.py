"""Write a line of JSON for each recording, as soon as it is known what became of it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from vidset.upload.records import Listener, Record


def reported(listener: Listener, report: Path | None) -> Listener:
    """Return a listener that adds each record to the report, too, if there is one.

    Raises:
        ValueError: the report cannot be written.
    """
    return listener if report is None else _Reporting(listener, report)


class _Reporting:
    def __init__(self, listener: Listener, report: Path):
        self._listener, self._report, self._is_failing = listener, report, False
        try:
            report.open("a").close()
        except OSError as error:
            raise ValueError(f"--report {report}: {error.strerror}") from None

    def tell(self, path: Path, text: str) -> None:
        self._listener.tell(path, text)

    def show(self, record: Record) -> None:
        try:
            with self._report.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(record)) + "\n")
        except OSError as error:
            if not self._is_failing:
                self._listener.tell(self._report, f"cannot be written: {error.strerror}")
            self._is_failing = True
        self._listener.show(record)

    def progress(
        self, path: Path, what: str, total: int
    ) -> AbstractContextManager[Callable[[int], None]]:
        return self._listener.progress(path, what, total)
