"""XML that other tools write, with the line of every element; nothing in it can fill the memory."""

from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from xml.parsers import expat

from vidset.regular_files import read_regular

_MOST_BYTES = 1 << 30
_MOST_DEPTH = 100


@dataclass(slots=True)
class Node:
    """An element. `place` is its file and line."""

    tag: str
    place: str
    attributes: dict[str, str]
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list["Node"]:
        return [child for child in self.children if child.tag == tag]

    def first(self, tag: str) -> "Node | None":
        return next((child for child in self.children if child.tag == tag), None)

    def said(self, tag: str, default: str = "") -> str:
        """The text of the first child of this name."""
        child = self.first(tag)
        return default if child is None else child.text.strip()

    def number(self, name: str) -> float:
        """An attribute, or the text of a child, as a finite number.

        Raises:
            ValueError: it is none.
        """
        text = self.attributes.get(name)
        return as_number(self.said(name) if text is None else text, f"{self.place}: {name}")

    def needs(self, name: str) -> str:
        """An attribute. Raises ValueError: it is not there, or empty."""
        if text := self.attributes.get(name):
            return text
        raise ValueError(f"{self.place}: wanted <{self.tag}> with {name}, got {self.attributes}")


def as_number(text: str, place: str) -> float:
    """Raises ValueError: the text is no finite number."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value) or abs(value) >= 1e300:
        raise ValueError(f"{place}: wanted a finite number, got {text[:80]!r}")
    return value


def read_xml(path: Path, what: str) -> Node:
    """Read an XML file.

    Args:
        what: what the file should hold, for messages.

    Raises:
        ValueError: it cannot be read, is no XML, defines entities, or is nested too deep.
    """
    try:
        data = read_regular(path, _MOST_BYTES)
    except OSError as failure:
        raise ValueError(f"{path}: wanted {what} in XML: {failure.strerror}") from None
    top = Node("", str(path), {})
    open_nodes = [top]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        place = f"{path}:{parser.CurrentLineNumber}"
        if len(open_nodes) > _MOST_DEPTH:
            raise ValueError(f"{place}: wanted {what} in XML, got one nested too deep")
        node = Node(tag, place, attributes)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def refuse_entity(*_: object) -> None:
        line = parser.CurrentLineNumber
        raise ValueError(f"{path}:{line}: wanted {what} in XML without entities of its own")

    def text(data: str) -> None:
        open_nodes[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_nodes.pop()
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse_entity
    try:
        parser.Parse(data, True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, UnicodeError) as failure:
        raise ValueError(f"{path}: wanted {what} in XML: {failure}") from None
    return top.children[0]
