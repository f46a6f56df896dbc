"""The console script begins here: a terminal shows a word before typer and the rest are imported.

Only what Python has imported by itself, and typing, is imported before that.
"""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

_SILENT = {"--json", "-q", "--quiet", "--debug", "-h", "--help", "--version"}
# They print at once.
_LIGHT = {"help", "completion"}
_INTERRUPTED = 130
_CLEAR_LINE = "\r\x1b[K"


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the console script. It exits with 0, 1, 2, 130 or 143; see vidset.cli.running."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print_version()
        sys.exit()
    word = _FirstWord("Starting ...") if _is_worth_a_word(words) else None
    try:
        try:
            from vidset.cli import main
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
        main.run(words)
    finally:
        if word:
            word.clear()


def print_version() -> None:
    """Print the name and the version of the package that is installed."""
    from importlib.metadata import version

    print(f"vidset {version('vidset')}")  # Without typer, which would take longer.


def _is_worth_a_word(words: list[str]) -> bool:
    """A person waits at a terminal for a command; scripts and completion do not."""
    if not words or words[0].startswith("-") or words[0] in _LIGHT:
        return False
    mine = words[: words.index("--")] if "--" in words else words
    return sys.stderr.isatty() and not any(map(_silences, mine))


def _silences(word: str) -> bool:
    """Short options may stand together: -yq."""
    return word in _SILENT or (word.startswith("-") and word[1:].isalpha() and "q" in word)


class _FirstWord:
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

    def __init__(self, stream: TextIO, word: _FirstWord):
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
