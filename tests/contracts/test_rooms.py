"""The rooms of the package, as docs/architecture.md tells a newcomer of them."""

import re

from tests.paths import ROOT


def test_the_table_of_rooms_names_every_room():
    page = (ROOT / "docs" / "architecture.md").read_text()
    table = page.partition("## The rooms")[2].partition("\n\n[")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    told = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    there = {
        path.stem
        for path in (ROOT / "vidset").iterdir()
        if path.is_dir() or (path.suffix == ".py" and not path.stem.startswith("__"))
    }
    assert sorted(told) == sorted(there - {"__pycache__", "schemas"})
