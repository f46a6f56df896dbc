"""Run a command until it ends, a SIGTERM comes, or the process that asked for it is gone.

    python watchdog.py PARENT_PID COMMAND...

A process of its own, because nothing inside the parent survives a SIGKILL of the parent. (Linux'
PR_SET_PDEATHSIG would do without, but it fires when the starting *thread* ends, and setting it
takes a `preexec_fn`, which is unsafe beside gRPC's threads.) The caller starts it as the leader
of a new session, so that Ctrl-C in a terminal reaches the caller alone.
"""

import os
import signal
import subprocess
import sys
import time

POLL_SECONDS = 0.1


def main(parent: int, command: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        while os.getppid() == parent and server.poll() is None:
            time.sleep(POLL_SECONDS)
        if server.returncode is not None:
            print(f"watchdog: {command[0]} ended with status {server.returncode}", flush=True)
    finally:
        server.kill()
        server.wait()
        os.killpg(0, signal.SIGKILL)  # What the server itself has started, and this process.


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
