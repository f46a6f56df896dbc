"""Folders of label files that an export owns: a manifest names its files.

Files that are not in the manifest are somebody else's, and stay.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidset.json_files import read_object
from vidset.storage.writing import (
    make_folder,
    refuse_links_above,
    remove_tree,
    replacing,
    unfinished_name,
)

MANIFEST = "vidset-export.json"


@contextmanager
def owned_folder(folder: Path, format_name: str) -> Iterator[Path]:
    """Yield a folder to write into. When the block ends, its files replace the earlier export's.

    After an error in the block everything is as it was.

    Raises:
        ValueError: the folder holds an export of another format, a damaged manifest, a link on the
            way to a file, or a file of somebody else's where one of ours belongs.
    """
    before = _owned(folder, format_name)
    unfinished = folder.with_name(unfinished_name(folder.name))
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        found = (file for file in unfinished.rglob("*") if file.is_file())
        files = sorted(file.relative_to(unfinished).as_posix() for file in found)
        for name in files:
            if name not in before and (folder / name).exists():
                raise ValueError(
                    f"{folder / name}: wanted to write it, but it is no file of an earlier export"
                )
        for name in (*before, *files):
            refuse_links_above(folder, folder / name)
        for name in before:
            (folder / name).unlink(missing_ok=True)
        for name in files:
            make_folder(folder, (folder / name).parent)
            os.replace(unfinished / name, folder / name)  # On a link, it replaces the link.
        with replacing(folder / MANIFEST, "w") as target:
            json.dump({"format": format_name, "files": files}, target, indent=1)
            target.write("\n")
    finally:
        remove_tree(unfinished)


def _owned(folder: Path, format_name: str) -> list[str]:
    """Return the files of an earlier export."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return []
    try:
        document = read_object(manifest, "an export's list of files")
        written, files = document["format"], document["files"]
        paths = [Path(name) for name in files]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{manifest}: wanted an export's list of files: {error}") from None
    if written != format_name or any(path.is_absolute() or ".." in path.parts for path in paths):
        raise ValueError(
            f"{folder}: it holds an export as {written}; take another folder for {format_name}"
        )
    return files
