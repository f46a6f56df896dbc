"""Prints what each attack took: python -m tests.attacks.costs FOLDER (`make attack` does)."""

import json
import sys
from pathlib import Path


def main(folder: str) -> None:
    """The costliest attack of each command and kind of file, from what the tests wrote down."""
    rows = [
        json.loads(line)
        for file in Path(folder).glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    costliest: dict[str, dict] = {}
    for row in rows:
        name = row["attack"].rpartition(", ")[0]
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
