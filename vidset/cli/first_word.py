"""The first word of a command that works longer: shown before anything heavy is imported.

It stands on a terminal until the command prints something else, which takes its place.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

_SILENT = ("as_json", "quiet", "debug")
_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def first_word(text: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Show `text` on stderr until something else is written, or the block ends.

    Args:
        parameters: the command's own; nothing is shown with --json, --quiet or --debug, nor where
            stderr is no terminal.
    """
    if any(parameters.get(each) for each in _SILENT) or not sys.stderr.isatty():
        yield
        return
    out, err = sys.stdout, sys.stderr
    word = _Word(err)
    err.write(text)
    err.flush()
    sys.stdout, sys.stderr = _Clearing(out, word), _Clearing(err, word)
    try:
        yield
    finally:
        word.clear()
        sys.stdout, sys.stderr = out, err


class _Word:
    """What stands on the terminal, until it is cleared once."""

    def __init__(self, terminal: TextIO):
        self._terminal, self._stands = terminal, True

    def clear(self) -> None:
        if self._stands:
            self._stands = False
            self._terminal.write(_CLEAR_LINE)
            self._terminal.flush()


class _Clearing:
    """A stream whose first text clears the word before; in all else the stream itself."""

    def __init__(self, stream: TextIO, word: _Word):
        self._stream, self._word = stream, word

    def write(self, text: str) -> int:
        if text:
            self._word.clear()
        return self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # Bytes are about to follow.
            self._word.clear()
        return getattr(self._stream, name)
