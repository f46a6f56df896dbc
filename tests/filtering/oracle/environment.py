"""image-similarity-measures, asked for its scores in an environment of its own."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.emulators.environments import own_python

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PROGRAM = Path(__file__).with_name("score.py")
INSTALL_SECONDS = 600


def reference_scores(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[dict[str, float]]:
    """Score pairs of pictures; the names are the package's functions.

    Raises:
        ToolMissingError: the environment cannot be made.
    """
    name = "image-similarity-measures"
    python = own_python(name, REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    named = {f"a{n}": a for n, (a, _) in enumerate(pairs)}
    named |= {f"b{n}": b for n, (_, b) in enumerate(pairs)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pairs.npz")
        np.savez(path, **named)
        ended = subprocess.run(
            [str(python), "-I", str(PROGRAM), str(path)],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"HOME": folder},
        )
    if ended.returncode:
        raise AssertionError(f"{name}: {ended.stderr[-4000:]}")
    return json.loads(ended.stdout.splitlines()[-1])
