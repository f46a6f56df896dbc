"""The workers of a whole run are forked from one process that has imported what they all need.

Each would import all libraries of the project else, for as long as half of what it collects takes.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.of_all_workers import folder_of_this_run
from tests.paths import ROOT

# What takes long, and is needed by tests of many rooms.
_IMPORTED = (
    *("cv2", "av", "duckdb", "pyarrow.parquet", "pyarrow.dataset", "pandas", "scipy.stats"),
    *("apache_beam", "apache_beam.testing.test_pipeline", "apache_beam.io.gcp.pubsub"),
    *("google.cloud.storage", "google.cloud.bigquery", "google.cloud.firestore"),
    *("google.pubsub_v1", "boto3", "requests", "httpx", "uvicorn", "torch", "kfp"),
    *("torch.utils.tensorboard", "skimage.metrics", "scaleapi", "moto", "pika", "flask"),
    *("cleanlab.rank", "faster_coco_eval", "distributed", "vidset.cli.main"),
)
_PROGRAM = Path(__file__).parent / "programs" / "imported.py"
# What stands for the interpreter: it hands over everything, and ends when its process has ended.
_PYTHON = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect({path!r})
    told = {{"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    text = json.dumps(told).encode()
    socket.send_fds(peer, [len(text).to_bytes(4, "big")], [0, 1, 2])
    peer.sendall(text)
    peer.recv(1)
"""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    workers = config.getoption("tx", None) or []
    if sys.platform != "linux" or not is_whole or len(workers) < 2 or set(workers) != {"popen"}:
        return
    folder = folder_of_this_run()
    start(folder / "imported", folder / "imported-python", _IMPORTED)
    config.option.tx = [f"popen//python={folder / 'imported-python'}"] * len(workers)


def start(path: Path, python: Path, modules: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the process that ends with this one; it imports modules while others already ask it.

    Args:
        path: where its socket will be.
        python: a program that will stand for the interpreter, where that is given a program.
    """
    python.write_text(_PYTHON.format(python=sys.executable, path=str(path)))
    python.chmod(0o755)
    command = [sys.executable, str(_PROGRAM), str(path), str(os.getpid()), *modules]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    with process.stdout:
        assert process.stdout.readline() == b"listening\n"
    return process
