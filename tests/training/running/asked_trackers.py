"""Asks the real trackers, in an environment without PyTorch."""

import json
import os
import subprocess
from pathlib import Path

from tests.emulators.environments import python_for_test
from tests.paths import ROOT

REQUIREMENTS = Path(__file__).with_name("trackers-requirements.txt")


def tell(tracker: str, folder: Path) -> None:
    run_own("tell", tracker, folder)


def ask(tracker: str, folder: Path) -> list[dict]:
    """The runs that the tracker has: asked by another process, W&B ends writing with its own."""
    return json.loads(run_own("ask", tracker, folder).splitlines()[-1])


def tell_and_ask(tracker: str, folder: Path) -> list[dict]:
    """The runs that the tracker has once it was told, asked by the process that told it.

    It is for a tracker that has written when it was told; to import one takes a second or two.
    """
    return json.loads(run_own("tell+ask", tracker, folder).splitlines()[-1])


def run_own(what: str, tracker: str, folder: Path) -> str:
    """tell_tracker.py in the trackers' environment; what it prints."""
    python = python_for_test("trackers", REQUIREMENTS, 600, is_complete=True)
    own = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder.parent),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "WANDB_"))
    }
    module = "tests.training.running.tell_tracker"
    ended = subprocess.run(
        (str(python), "-m", module, what, tracker, str(folder)),
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder.parent,
        env=kept | own,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    return ended.stdout
