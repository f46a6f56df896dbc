"""main.py, in a process that dies between two steps when the test says so.

A step is a call of the store or of the vendor; before and after each is a boundary. The file that
DIE_FILE names holds the number of the boundary to die at, and is gone when that has been done.
DIE_PROBABILITY is another way: of dying at any boundary.
"""

import os
import random
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "functions/labeling_task"))

import main
from main import receive_annotation, reconcile, request_labeling  # noqa: F401 (the targets)

_FILE = Path(os.environ.get("DIE_FILE", "/nonexistent"))
_PROBABILITY = float(os.environ.get("DIE_PROBABILITY", "0"))
_LOCK = threading.Lock()
_STEPS = {"get", "commit", "find", "submit", "report"}


class Dying:
    """Passes all calls on, and may not survive them."""

    def __init__(self, inner: Any):
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name not in _STEPS:
            return value

        def step(*arguments, **options):
            _boundary()
            result = value(*arguments, **options)
            _boundary()
            return result

        return step


def _boundary() -> None:
    if random.random() < _PROBABILITY:
        os._exit(9)
    with _LOCK:
        try:
            left = int(_FILE.read_text()) - 1
        except FileNotFoundError:
            return
        if left:
            _FILE.write_text(str(left))
        else:
            _FILE.unlink()
            os._exit(9)


main._BROKER.store = Dying(main._BROKER.store)
_open_vendor = main._BROKER.open_vendor
main._BROKER.open_vendor = lambda: Dying(_open_vendor())
