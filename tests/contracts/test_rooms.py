"""The rooms of the package, as docs/architecture.md tells a newcomer of them."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
TABLE = PAGE.partition("## The rooms")[2].partition("\n\n[")[0]
# (rooms, what lives there, what it may import), from the top down.
ROWS = re.findall(r"^\| (`[^|]+`) \|([^|]*)\|([^|]*)\|", TABLE, re.MULTILINE)
FLOORS = {name: floor for floor, row in enumerate(ROWS) for name in re.findall(r"`(\w+)`", row[0])}
MAY = {name: ROWS[floor][2] for name, floor in FLOORS.items()}
SMALL = {name for name, floor in FLOORS.items() if floor >= len(ROWS) - 3}


def imported(room: str) -> Iterator[str]:
    """The other rooms whose modules a room's modules name in an import."""
    path = ROOT / "vidset" / room
    for file in path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            if names == ["vidset"] and isinstance(node, ast.ImportFrom):
                names = [f"vidset.{alias.name}" for alias in node.names]
            for name in names:
                top, _, rest = name.partition(".")
                other = rest.partition(".")[0]
                if top == "vidset" and other and other != room:
                    yield other


def test_the_table_of_rooms_names_every_room():
    there = {
        path.stem
        for path in (ROOT / "vidset").iterdir()
        if path.is_dir() or (path.suffix == ".py" and not path.stem.startswith("__"))
    }
    assert sorted(FLOORS) == sorted(there - {"__pycache__", "schemas"})


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_what_the_table_says(room):
    others = set(imported(room))
    assert {other for other in others if FLOORS[other] <= FLOORS[room]} == set()
    if "everything" in MAY[room]:
        return
    named = set(re.findall(r"`(\w+)`", MAY[room]))
    floor = min((FLOORS[name] for name in named), default=0)
    is_open = "and below" in MAY[room]
    told = {other for other in others if other in named or (is_open and FLOORS[other] >= floor)}
    assert others - told - SMALL == set()


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("typer", {"cli"}),
        ("apache_beam", {"beam"}),
        ("torch", {"training", "datasets"}),
        ("av", {"video", "upload", "demo"}),
    ],
)
def test_a_heavy_package_is_imported_where_the_table_says(package, rooms):
    pattern = re.compile(rf"^\s*(?:from|import) {package}\b", re.MULTILINE)
    found = {
        path.relative_to(ROOT / "vidset").parts[0]
        for path in (ROOT / "vidset").rglob("*.py")
        if pattern.search(path.read_text())
    }
    assert found == rooms
