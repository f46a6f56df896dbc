"""Terraform itself, without network: its commands that need no cloud."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from infra.check.providers import ToolMissingError, load_providers
from infra.check.schema_server import serve


def terraform(
    command: str, folder: Path, arguments: Sequence[str] = (), *, capture: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run `terraform -chdir=folder command arguments`.

    Args:
        capture: its output comes with the result rather than to the terminal.

    Raises:
        ToolMissingError: Terraform, or what its providers' schemas come from, is missing.
    """
    if command == "fmt":
        return _run([command, *arguments], folder, {}, capture=capture)
    with serve(load_providers()) as environment:
        return _run([command, *arguments], folder, environment, capture=capture)


def _run(
    arguments: Sequence[str], folder: Path, environment: dict[str, str], *, capture: bool
) -> subprocess.CompletedProcess[str]:
    ours = {
        "TF_CLI_CONFIG_FILE": os.devnull,  # Nobody's mirrors and credentials.
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    # Rather four times the memory, some 400 MB, than a third of the time for Go's garbage; and one
    # thread takes as long as several, which wait for each other, and a quarter less of the CPU.
    defaults = {"GOGC": "400", "GOMAXPROCS": "1"}
    try:
        return subprocess.run(
            ["terraform", f"-chdir={folder}", *arguments],
            check=False,
            capture_output=capture,
            text=True,
            env=defaults | os.environ | ours | environment,
        )
    except FileNotFoundError:
        install = "https://developer.hashicorp.com/terraform/install"
        raise ToolMissingError(f"terraform is not installed; get it from {install}") from None
