"""The first word of a command: it stands on a terminal until something else takes its place."""

import sys
from typing import Any, TextIO

_CLEAR_LINE = "\r\x1b[K"


class FirstWord:
    """A word on stderr that the first text on stdout or stderr clears."""

    def __init__(self, text: str):
        self._terminal, self._stands = sys.stderr, True
        self._before = sys.stdout, sys.stderr
        self._terminal.write(text)
        self._terminal.flush()
        self._mine = _Clearing(sys.stdout, self), _Clearing(sys.stderr, self)
        sys.stdout, sys.stderr = self._mine

    def clear(self) -> None:
        """Take the word away and give the streams back; a second call does nothing."""
        if not self._stands:
            return
        self._stands = False
        # Who has put other streams there meanwhile keeps them.
        if sys.stdout is self._mine[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._mine[1]:
            sys.stderr = self._before[1]
        self._terminal.write(_CLEAR_LINE)
        self._terminal.flush()


class _Clearing:
    """A stream whose first text clears the word before; in all else the stream itself."""

    def __init__(self, stream: TextIO, word: FirstWord):
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
