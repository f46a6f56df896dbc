"""The pages of documentation, and what they say: commands, code, links, headings."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.paths import ROOT

_PATHS = (
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "infra/README.md")),
    ROOT / "infra" / "check" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "deploy").glob("*/README.md")),
)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
# What may stand before a program: variables, uv, a container, an environment's folder.
_BEFORE = re.compile(r"((\w+=\S*|uv run|docker compose exec \w+) )*(/[\w/]+/bin/(?=vidset))?")


@dataclass(frozen=True, slots=True)
class Command:
    """A program that a page calls.

    Attributes:
        line: all of it.
        whole: in a block, to be typed as it stands; in a sentence, some arguments may be left out.
        kind: vidset, make, python, or what else the first word is.
        program: the module or script of python; else as `kind`.
    """

    line: str
    whole: bool
    kind: str
    program: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a block that is to be typed, with the lines that it continues in.

    Attributes:
        shown: what the page shows below it.
    """

    text: str
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is the path in the checkout."""

    name: str
    text: str

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return _FENCE.sub("", self.text)

    @property
    def spans(self) -> list[str]:
        """`code` in sentences and tables, each on one line."""
        return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", self.prose)]

    @property
    def links(self) -> list[str]:
        """To other pages and places in them; not to other sites."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        return [target for target in targets if "://" not in target]

    @property
    def anchors(self) -> set[str]:
        """Of the headings, as GitHub makes them."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
        return {heading.strip().replace(" ", "-") for heading in plain}

    @property
    def commands(self) -> list[Command]:
        typed = [_command(words, whole=True) for block in self._shell() for words in _typed(block)]
        said = [re.sub(r"[\[\]]|\.\.\.$", "", span).split() for span in self.spans]
        return typed + [_command(words, whole=False) for words in said if words]

    @property
    def lines(self) -> list[Line]:
        """What the page tells to type, in order, as it stands."""
        found: list[Line] = []
        for _, kind, block in _FENCE.findall(self.text):
            if kind == "console":
                for text, shown in re.findall(
                    r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE
                ):
                    found.append(Line(text, tuple(shown.splitlines())))
            elif kind == "sh" or re.match(r"(vidset|python|make) ", block):
                found += [Line(text, ()) for text in _whole_lines(block)]
        return found

    def blocks(self, kind: str) -> list[str]:
        """The blocks of a language."""
        return [block for _, each, block in _FENCE.findall(self.text) if each == kind]

    def _shell(self) -> Iterator[str]:
        for _, kind, block in _FENCE.findall(self.text):
            if kind == "console":
                yield "\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)$", block, re.MULTILINE))
            elif kind == "sh" or re.match(r"(vidset|python|make) ", block):
                yield block


def pages() -> list[Page]:
    return [Page(str(path.relative_to(ROOT)), path.read_text()) for path in _PATHS]


def _command(words: list[str], *, whole: bool) -> Command:
    line = " ".join(words)
    before = _BEFORE.match(line)
    assert before
    skipped = before[0].count(" ")
    words = [
        words[skipped].rpartition("/")[2] if before[3] else words[skipped],
        *words[skipped + 1 :],
    ]
    match words:
        case ["python" | "python3", "-m", "vidset", *arguments]:
            return Command(line, whole, "vidset", "vidset", tuple(arguments))
        case ["python" | "python3", "-m", "venv" as program, *arguments]:
            return Command(line, whole, program, program, tuple(arguments))
        case ["python" | "python3", "-m", program, *arguments]:
            return Command(line, whole, "python", program, tuple(arguments))
        case ["python" | "python3", program, *arguments]:
            return Command(line, whole, "python", program, tuple(arguments))
    return Command(line, whole, words[0], words[0], tuple(words[1:]))


def _whole_lines(shell: str) -> Iterator[str]:
    """The lines of a script without comments of their own, continued ones in one piece."""
    unread = ""
    for line in shell.splitlines():
        unread += f"{line}\n"
        try:
            is_empty = not shlex.split(unread, comments=True)
        except ValueError:  # A quotation goes on in the next line.
            continue
        if not line.endswith("\\"):
            if not is_empty:
                yield unread.strip()
            unread = ""


def _typed(shell: str) -> Iterator[list[str]]:
    """The commands of a script, word by word, without comments and redirections."""
    unread = ""
    for line in shell.replace("\\\n", " ").splitlines():
        unread += f"{line}\n"
        lexer = shlex.shlex(unread, posix=True, punctuation_chars=";&|<>()")
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # A quotation goes on in the next line.
            continue
        unread = ""
        command: list[str] = []
        for word in [*words, ";"]:
            if not set(word) <= set(";&|<>()"):
                command.append(word)
            elif command:
                yield command
                command = []
    assert not unread, f"a quotation does not end: {unread}"
