"""Pictures of masks that tests draw, and what other tools make of them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

_SECONDS = 600


def edge_cases() -> list[np.ndarray]:
    """Empty, full, one pixel wide or high, corners that touch, a hole, an island in a lake."""
    island = np.zeros((9, 9), bool)
    island[1:8, 1:8], island[2:7, 2:7], island[4, 4] = True, False, True
    checkered = np.indices((6, 7)).sum(axis=0) % 2 == 0
    first, last = np.zeros((5, 4), bool), np.zeros((5, 4), bool)
    first[0, 0], last[-1, -1] = True, True
    return [
        np.zeros((3, 4), bool),
        np.ones((3, 4), bool),
        np.ones((1, 1), bool),
        np.array([[True, False, True]]),
        np.array([[False], [True], [True]]),
        island,
        checkered,
        first,
        last,
    ]


def pictures(number: int) -> list[np.ndarray]:
    """Noise of all densities, and blots."""
    random = np.random.default_rng(7)
    found = edge_cases()
    for _ in range(number):
        height, width = random.integers(1, 40, 2)
        picture = random.random((height, width)) < random.random()
        if random.random() < 0.5:
            picture = np.kron(picture, np.ones((3, 4), bool)).astype(bool)
        found.append(picture)
    return found


def told_by(python: Path, kind: str, cases: list[dict[str, Any]], folder: Path) -> list[Any]:
    source, target = folder / "in.json", folder / "out.json"
    source.write_text(json.dumps(cases))
    program = Path(__file__).with_name("masks_main.py")
    command = [str(python), "-I", str(program), kind, str(source), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS, cwd=folder)
    return json.loads(target.read_text())


def disc() -> np.ndarray:
    """A large picture with a disc on it."""
    rows, columns = np.indices((1080, 1920))
    return (rows - 500) ** 2 + (columns - 900) ** 2 < 300**2
