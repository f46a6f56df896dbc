"""A person at a shell, who types what a page says, line by line, in one folder."""

import os
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 900
_READY = re.compile(r"^(Next: |https?://)", re.MULTILINE)
_ENDED = re.compile(rb"ended (\d+)\n")


@dataclass(frozen=True, slots=True)
class Typed:
    """What a line left: its exit code, and what it printed."""

    line: str
    code: int
    out: str
    err: str


class Shell:
    """A bash that keeps its folder, variables and jobs from one line to the next."""

    def __init__(self, home: Path, programs: Path):
        self.home = home
        self._logs = home / ".typed"
        self._logs.mkdir()
        path = f"{programs}:{os.environ['PATH']}"
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=home,
            env={**os.environ, "HOME": str(home), "PATH": path},
        )
        self._number = 0

    def types(self, line: str) -> Typed:
        """Type a line, and wait for its end."""
        out, err = self._files()
        code = self._run(f"{{ {line}\n}} >{out} 2>{err} </dev/null")
        return Typed(line, code, out.read_text(), err.read_text())

    def starts(self, line: str) -> str:
        """Type a line that stays. Returns what it printed until it is ready."""
        out, err = self._files()
        self._run(f"{{ {line} &\n}} >{out} 2>{err} </dev/null")
        said = ""
        for _ in range(_SECONDS * 10):
            said = out.read_text() + err.read_text()
            if _READY.search(said):
                return said
            assert self._run("jobs -r | grep -q .") == 0, said
            time.sleep(0.1)
        raise AssertionError(f"{line} is not ready: {said}")

    def ends(self) -> None:
        """Stop what stays, and leave."""
        self._run('jobs=$(jobs -p); [ -z "$jobs" ] || { kill $jobs; wait; }')
        self._bash.communicate()

    def _files(self) -> tuple[Path, Path]:
        self._number += 1
        return self._logs / f"{self._number}.out", self._logs / f"{self._number}.err"

    def _run(self, script: str) -> int:
        assert self._bash.stdin
        assert self._bash.stdout
        self._bash.stdin.write(f"{script}\necho ended $?\n".encode())
        self._bash.stdin.flush()
        said, until = b"", time.monotonic() + _SECONDS
        while not (ended := _ENDED.search(said)):
            left = until - time.monotonic()
            assert select.select([self._bash.stdout], [], [], max(0, left))[0], f"hangs: {script}"
            piece = os.read(self._bash.stdout.fileno(), 1 << 16)
            assert piece, f"the shell ended: {script}"
            said += piece
        return int(ended[1])
