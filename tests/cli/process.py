"""The command line as a user meets it: a process, its exit code, what it prints and leaves."""

import subprocess
import sys


def vidset(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "vidset", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, **options
    )
