"""The folder that a command writes to."""

import os


def make_output(folder: str) -> None:
    """Make it, before any work.

    Raises:
        ValueError: it cannot be made, or not be written to.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"--output {folder}: this user may not write there")
