"""A tree of things and what is known of each, for the terminal and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    """A thing in a tree, with what it comes from or what came of it below it.

    Attributes:
        kind: video, statement, frame, image, object, labels, answer, task, tag, version, fix, run,
            score, prediction or export.
        name: as other commands take it.
        facts: what is known of it; what is not known is left out.
        nodes: the things below it.
    """

    kind: str
    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    nodes: list["Node"] = field(default_factory=list)


def node(kind: str, name: str, *nodes: Node, **facts: Any) -> Node:
    """Make a node, without the facts that are not known (None, or an empty list)."""
    known = {key: value for key, value in facts.items() if value not in (None, [], {}, "")}
    return Node(kind, name, known, list(nodes))


def tree_lines(root: Node) -> Iterator[str]:
    """Yield the lines that draw a tree."""
    yield _line(root)
    yield from _below(root, "")


def _below(root: Node, indent: str) -> Iterator[str]:
    for number, each in enumerate(root.nodes):
        is_last = number == len(root.nodes) - 1
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_line(each)}"
        yield from _below(each, indent + ("   " if is_last else "│  "))


def _line(each: Node) -> str:
    facts = ", ".join(
        f"{name.replace('_', ' ')} {_text(value)}" for name, value in each.facts.items()
    )
    return f"{each.kind} {each.name}" + (f": {facts}" if facts else "")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(_text, value))
    return str(value)
