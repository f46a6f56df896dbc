"""Write the fields of the ledgers' rows in vidset/elements.py, as infra/schemas has the columns.

    python infra/rows.py

The schemas are the source: Terraform, Arrow and DuckDB read them when they run. Python's type
checker cannot, so the fields of `FrameRow` and `VideoRow` are written into the module between two
comments. A test fails where they are not what this program writes.
"""

import json
import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_ELEMENTS = _ROOT / "vidset" / "elements.py"
_TYPES = {
    "STRING": "str",
    "FLOAT": "float",
    "INTEGER": "int",
    "BOOLEAN": "bool",
    "TIMESTAMP": "datetime",
}
# Columns that hold one of a few words.
_WORDS = {"reason": "Reason", "status": "Status"}
_BLOCK = re.compile(
    r"(    # The columns of infra/schemas/(\w+)\.json, written by infra/rows\.py\.\n)"
    r"(.*?)(    # End of the columns\.\n)",
    re.DOTALL,
)


def with_fields(text: str, schemas: Path) -> str:
    """Return the module's text with the fields that the schemas in the folder ask for."""

    def block(found: re.Match[str]) -> str:
        columns = json.loads((schemas / f"{found[2]}.json").read_text())
        return f"{found[1]}{_fields(columns)}{found[4]}"

    return _BLOCK.sub(block, text)


def _fields(columns: list[dict[str, str]]) -> str:
    """Columns after the last required one were added later: rows from before lack them."""
    last = max(n for n, column in enumerate(columns) if column["mode"] == "REQUIRED")
    lines = []
    for number, column in enumerate(columns):
        kind = _WORDS.get(column["name"], _TYPES[column["type"]])
        optional = " | None" if column["mode"] == "NULLABLE" else ""
        default = " = None" if number > last else ""
        lines.append(f"    {column['name']}: {kind}{optional}{default}\n")
    return "".join(lines)


if __name__ == "__main__":
    _ELEMENTS.write_text(with_fields(_ELEMENTS.read_text(), _ROOT / "infra" / "schemas"))
