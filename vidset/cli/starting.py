"""Where the console script begins: a terminal shows a word before typer and the rest are imported.

Only what Python has imported by itself, and typing, is imported before that.
"""

import sys
from collections.abc import Sequence
from typing import NoReturn

from vidset.cli.first_word import FirstWord

_SILENT = {"--json", "-q", "--quiet", "--debug", "-h", "--help", "--version"}
# They print at once.
_LIGHT = {"help", "completion"}
_INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the console script. It exits with 0, 1, 2, 130 or 143; see vidset.cli.running."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print_version()
        sys.exit()
    word = FirstWord("Starting ...") if _is_worth_a_word(words) else None
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
