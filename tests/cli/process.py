"""The command line as a user meets it: a process, its exit code, what it prints and leaves."""

import subprocess

from tests.programs.started import run


def vidset(*arguments, **options) -> subprocess.CompletedProcess:
    return run(arguments, **options)
