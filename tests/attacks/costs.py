"""Prints what each attack took: python -m tests.attacks.costs FOLDER (`make attack` does)."""

import json
import sys
from pathlib import Path


def main(folder: str) -> None:
    """The costliest attack of each command and kind of file, from what the tests wrote down."""
    files = sorted(Path(folder).glob("*.jsonl"), key=lambda file: file.stat().st_mtime)
    lines = [line for file in files for line in file.read_text().splitlines()]
    # An attack that was run again counts as it was at last.
    rows = list({row["attack"]: row for row in map(json.loads, lines)}.values())
    costliest: dict[str, dict] = {}
    for row in rows:
        name = ", ".join(row["attack"].split(", ")[:2])
        if name not in costliest or row["most_bytes"] > costliest[name]["most_bytes"]:
            costliest[name] = row
    print("| command, file | attacks | costliest | MB | CPU s, most |")
    print("|---|---|---|---|---|")
    for name, row in sorted(costliest.items()):
        same = [each for each in rows if each["attack"].startswith(f"{name}, ")]
        seconds = max(each["seconds"] for each in same)
        what = row["attack"].removeprefix(f"{name}, ")
        megabytes = row["most_bytes"] / 1e6
        print(f"| {name} | {len(same)} | {what} | {megabytes:.0f} | {seconds:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1])
