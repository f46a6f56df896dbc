"""Small images of noise, of which no two are alike, and folders of them."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 32, 24


def image(seed: int, ending: str = ".png") -> bytes:
    """A file's bytes."""
    noise = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return cv2.imencode(ending, noise)[1].tobytes()


def write_files(folder: Path, files: Mapping[str, bytes | int]) -> Path:
    """Files below a folder, by path; a number is the seed of an image."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = image(content, path.suffix) if isinstance(content, int) else content
        path.write_bytes(data)
    return folder


def write_labels(folder: Path, counts: Mapping[str, int], start: int = 0) -> Path:
    """`counts` images of each label, `<label>/<number>.png`."""
    number = start
    for label, count in counts.items():
        write_files(folder, {f"{label}/{n}.png": n for n in range(number, number + count)})
        number += count
    return folder
