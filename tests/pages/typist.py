"""Types all that a page tells to type, in order, and compares what is printed with it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.pages import Line, pages
from tests.pages.shell import Shell, Typed

# tests/contracts/test_docs.py checks that the parts exist, test_install.py that they resolve.
_INSTALLS = "pip install "
_NUMBER = re.compile(r"\b[0-9a-f]{12}\b|\d[\d,.]*")
_PATH = re.compile(r"(?<=\s)(/[\w./-]+|out/\S+)")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what its reader has to bring. Lines are named by how they begin.

    Attributes:
        elsewhere: lines that are only parsed, each with the reason.
        instead: words of the page, and what is typed for them on this machine.
        before: what happens before a line.
        stays: lines that go on until they are stopped.
    """

    name: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    stays: tuple[str, ...] = ()

    @property
    def lines(self) -> list[Line]:
        [page] = [page for page in pages() if page.name == self.name]
        return page.lines

    def typed(self, shell: Shell) -> dict[str, Typed]:
        """Type the lines; each must succeed, and print what the page shows below it."""
        named = [*self.elsewhere, *self.before, *self.stays]
        unused = [each for each in named if not any(_begins(line, each) for line in self.lines)]
        assert unused == [], "the page has no such line"
        done: dict[str, Typed] = {}
        for line in self.lines:
            if line.text.startswith(_INSTALLS) or _first(line, self.elsewhere):
                continue
            if prepare := _first(line, self.before):
                prepare()
            done[line.text] = self._type(shell, line)
        return done

    def _type(self, shell: Shell, line: Line) -> Typed:
        text = line.text
        for words, replacement in self.instead.items():
            text = text.replace(words, replacement)
        plain = re.sub(r"\s+#.*$", "", text)
        if plain.endswith("&") or any(_begins(line, each) for each in self.stays):
            typed = Typed(line.text, 0, shell.starts(plain.removesuffix("&")), "")
        else:
            typed = shell.types(text)
        assert typed.code == 0, typed
        printed = _masked(typed.out + typed.err)
        missing = [each for each in line.shown if each != "..." and _masked(each) not in printed]
        assert missing == [], (typed, "is shown but was not printed")
        return typed


def type_examples(shell: Shell, *beginnings: str) -> None:
    """Type the examples in the reference of the commands that begin so; each must succeed."""
    lines = Page("docs/commands.md").lines
    for beginning in beginnings:
        chosen = [line.text for line in lines if _begins(line, beginning)]
        assert chosen, f"no example begins with {beginning}"
        for text in chosen:
            typed = shell.types(text)
            assert typed.code == 0, typed


def _begins(line: Line, words: str) -> bool:
    return line.text.startswith(words)


def _first(line: Line, by_beginning: Mapping[str, Any]) -> Any:
    return next((by_beginning[each] for each in by_beginning if _begins(line, each)), None)


def _masked(text: str) -> str:
    """The text with other numbers, paths and spaces: runs differ in these."""
    return " ".join(_NUMBER.sub("#", _PATH.sub("PATH", f" {text}")).split())
