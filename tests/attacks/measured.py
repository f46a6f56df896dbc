"""A command in a process of its own: what it says, and the memory and time that it takes."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.paths import ROOT

MOST_BYTES, MOST_SECONDS = 1_000_000_000, 30
# Whoever wants more is stopped, so that an attack that works harms nobody else on this machine.
_GUARD_BYTES, _GUARD_SECONDS = 16 << 30, 1500
# A folder: each process of tests writes what its attacks took into a file there.
COSTS = "VIDSET_ATTACK_COSTS"


@dataclass(frozen=True)
class Cost:
    """What a command did.

    Attributes:
        most_bytes: the peak of its memory, or of one of its own processes if that is larger.
        seconds: of the processor, its own processes included.
    """

    code: int
    out: str
    err: str
    most_bytes: int
    seconds: float


# A process's peak begins with that of who forked it: this small one stands between.
_LAUNCHER = """
import json, os, resource, signal, sys, time
guard_bytes, guard_seconds, *words = sys.argv[1:]
child = os.fork()
if not child:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (int(guard_bytes), int(guard_bytes)))
    os.execv(sys.executable, [sys.executable, "-m", "vidset", *words])
signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
signal.alarm(int(guard_seconds))
# A server that says its address answers: it has read what it reads at its start. Another one ends.
looks = os.WEXITED | os.WNOHANG | os.WNOWAIT
while words[0] == "view" and os.waitid(os.P_PID, child, looks) is None:
    if b"http://" in os.pread(1, 4096, 0):
        os.kill(child, signal.SIGINT)
        break
    time.sleep(0.05)
_, status, used = os.wait4(child, 0)
code = os.waitstatus_to_exitcode(status)
said = [0 if code == 130 else code, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime]
os.write(3, json.dumps(said).encode())
"""


def measured(words: list[str], folder: Path, **environment: str) -> Cost:
    """Call `vidset` with these words, in a folder."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("LABEL")}
    given |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
    guards = [str(_GUARD_BYTES), str(_GUARD_SECONDS)]
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.NamedTemporaryFile() as told,
    ):
        subprocess.run(
            ["sh", "-c", 'exec 3>"$0"; exec "$@"', told.name, *command, *guards, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=folder,
            env=given,
            check=True,
        )
        texts = []
        for file in out, err:
            file.seek(0)
            texts.append(file.read(1 << 20).decode(errors="replace"))
        code, most_bytes, seconds = json.loads(Path(told.name).read_text())
    out_text, err_text = texts
    return Cost(code, out_text, err_text, most_bytes, seconds)


def check_cost(cost: Cost, name: str) -> None:
    """A hostile file costs little, and is told of in a person's words."""
    folder = os.environ.get(COSTS)
    if folder:
        told = {key: value for key, value in asdict(cost).items() if key != "out"}
        told["err"] = cost.err[-300:]
        with Path(folder, f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps({"attack": name, **told}) + "\n")
    assert "Traceback" not in cost.err, cost.err[-3000:]
    for misuse in "No such option", "Invalid value", "a folder that is there", "Missing ":
        assert misuse not in cost.err, cost.err
    assert cost.code in (0, 1, 2), (cost.code, cost.err[-2000:])
    if cost.code:
        assert 0 < len(cost.err) < 20_000, len(cost.err)
    for text in cost.out, cost.err:
        assert "\x1b" not in text
    assert cost.most_bytes <= MOST_BYTES, f"{cost.most_bytes / 1e6:.0f} MB"
    assert cost.seconds <= MOST_SECONDS, f"{cost.seconds:.0f} s"
