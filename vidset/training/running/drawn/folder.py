"""A folder of drawn pictures, each with the name of its image; it says which run drew them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from vidset.json_files import read_object
from vidset.naming import safe_path
from vidset.storage.writing import make_folder, write_atomically

MARK = "drawn.json"
_ENDS = (".jpg", ".jpeg", ".png")
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class DrawnFolder:
    """A folder that holds what one run's predictions look like, and nothing else."""

    root: Path

    @classmethod
    def open(cls, folder: Path, whose: dict[str, Any]) -> "DrawnFolder":
        """Open a folder: a new one, an empty one, or one with pictures of the same kind.

        Args:
            whose: the run, and which images it was asked about.

        Raises:
            ValueError: it is a file, or holds other things.
        """
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"--draw {folder}: wanted a folder, got a file")
        if folder.is_dir() and any(folder.iterdir()) and _mark_of(folder) != whose:
            raise ValueError(
                f"--draw {folder}: wanted an empty folder, or one that this run has drawn the same "
                "images into: name another folder"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / MARK, json.dumps(whose, indent=1).encode())
        except OSError as error:
            raise ValueError(f"--draw {folder}: {error.strerror}") from None
        return cls(folder)

    def has(self, name: str) -> bool:
        """Return whether a picture is there."""
        return (self.root / name).is_file()

    def put(self, name: str, picture: np.ndarray) -> None:
        """Write a picture, (height, width, 3) uint8 RGB, as PNG or JPEG, by its name."""
        path = self.root / name
        make_folder(self.root, path.parent)
        options = [] if name.endswith(".png") else [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        end = PurePosixPath(name).suffix
        _, data = cv2.imencode(end, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
        write_atomically(path, data.tobytes())


def drawn_name(name: str) -> str:
    """Return the name of an image's drawn picture: the image's own, with an end that is known."""
    safe = safe_path(name)
    return safe if safe.lower().endswith(_ENDS) else f"{safe}.jpg"


def names_of(uris: Sequence[str], hashes: Sequence[str]) -> list[str]:
    """Return a name for each image's drawn picture: its uri without the folders that all share.

    Of images with the same uri, as copies have that a recipe made, each has a part of its hash.

    Args:
        hashes: SHA-256 of each image.
    """
    paths = [uri.rpartition("://")[2].strip("/").split("/") for uri in uris]
    shared = 0
    while all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    names = [drawn_name("/".join(path[shared:])) for path in paths]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else _with_hash(name, digest)
        for name, digest in zip(names, hashes, strict=True)
    ]


def _with_hash(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{digest[:8]}{path.suffix}"))


def _mark_of(folder: Path) -> dict[str, Any] | None:
    try:
        return read_object(folder / MARK, "whose drawn pictures these are")
    except (OSError, ValueError):
        return None
