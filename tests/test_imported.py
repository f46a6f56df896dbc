"""Workers that are forked are like those that pytest-xdist starts."""

import json
import os
import subprocess
import sys

from tests.imported import start

PROGRAM = """
import json, os, signal, subprocess, sys
handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)]
ended = subprocess.run([sys.executable, "-c", "raise SystemExit(3)"]).returncode
print(json.dumps([sys.argv, __name__, os.getcwd(), os.environ.get("ONE"), ended]))
print(handlers == [signal.default_int_handler, signal.SIG_DFL], sys.stdin.read())
"""


def test_what_is_forked_has_what_a_new_interpreter_has(tmp_path):
    # At its end a library must not wait for threads that did not come along.
    modules = ["json", "no_such_module", "cv2", "pyarrow.parquet", "duckdb", "scipy.stats"]
    process = start(tmp_path / "socket", tmp_path / "python", modules)
    try:
        for python in sys.executable, tmp_path / "python":
            done = subprocess.run(
                [python, "-u", "-c", PROGRAM],
                input="told",
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "ONE": "1"},
                check=True,
                timeout=600,
            )
            first, second = done.stdout.splitlines()
            assert json.loads(first) == [["-c"], "__main__", str(tmp_path), "1", 3]
            assert second == "True told"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
