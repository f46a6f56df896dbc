"""checkov, in an environment of its own, without the network."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.emulators.environments import own_python
from tests.infra.once import once

REQUIREMENTS = Path(__file__).with_name("checkov-requirements.txt")
INSTALL_SECONDS = 600
RUN_SECONDS = 600


def run_checkov(folder: Path, shared: Path) -> dict[str, Any]:
    """checkov's results on the Terraform code in `folder`: passed_checks, failed_checks, ...

    Args:
        shared: see `once`; checkov takes seconds to start.

    Raises:
        ToolMissingError: the environment cannot be made.
    """
    return json.loads(once(shared, "checkov", folder, lambda: _checkov(folder)))["results"]


def _checkov(folder: Path) -> str:
    python = own_python("checkov", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    # checkov's parser knows no tests of Terraform's.
    options = [
        "--skip-path",
        r"\.tftest\.hcl$",
        "--framework",
        "terraform",
        "--skip-download",
        "--output",
        "json",
    ]
    ended = subprocess.run(
        [str(python), "-m", "checkov.main", "--directory", str(folder), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    if not ended.stdout.startswith("{"):
        raise AssertionError(f"checkov said no result: {ended.stdout[-500:]}{ended.stderr[-2000:]}")
    return ended.stdout
