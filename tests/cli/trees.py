"""What stands below a folder, to compare."""

import hashlib
from pathlib import Path


def tree(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file, by its path; without `.cache`, which may come and go."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".cache" not in path.relative_to(folder).parts
    }
