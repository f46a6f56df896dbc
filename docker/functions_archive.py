"""Zip the labeling functions' source: the same content always gives the same bytes.

    python docker/functions_archive.py build/labeling_task.zip

Terraform names the archive by its hash: what has not changed is not deployed again.
"""

import sys
import zipfile
from pathlib import Path

_SOURCE = Path(__file__).resolve().parents[1] / "functions" / "labeling_task"
# The zip format's own beginning of time, and a file that everyone may read.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16


def write_archive(source: Path, archive: Path) -> None:
    """Every file below `source` but Python's caches, in the order of their names.

    Raises:
        ValueError: `source` is no function's source.
    """
    for name in "main.py", "requirements.txt":
        if not (source / name).is_file():
            raise ValueError(f"{source}: wanted a function's source, but it has no {name}")
    files = sorted(
        path
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    )
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as out:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _MODE
            out.writestr(entry, path.read_bytes())


def main(argv: list[str]) -> int:
    if len(argv) != 1:
        print("functions_archive: wanted the path of one zip file", file=sys.stderr)
        return 2
    try:
        write_archive(_SOURCE, Path(argv[0]))
    except ValueError as error:
        print(f"functions_archive: {error}", file=sys.stderr)
        return 2
    print(argv[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
