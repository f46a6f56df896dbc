"""`vidset predict` in a process that is killed at a boundary of its store.

Each commit has a boundary before it and one after it. The first argument is the number of the one
to die at; the others are the command's words.
"""

import os
import signal
import sys

from vidset.cli.main import app
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.prediction import predicting

left = int(sys.argv[1])
commit = SqliteStore.commit


def boundary() -> None:
    global left  # noqa: PLW0603
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)


def dying_commit(self, writes):
    boundary()
    versions = commit(self, writes)
    boundary()
    return versions


if __name__ == "__main__":
    predicting.CHUNK = 3
    SqliteStore.commit = dying_commit
    sys.argv = ["vidset", "predict", *sys.argv[2:]]
    app()
