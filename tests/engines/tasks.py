"""Work for worker processes in tests."""

import os
import signal
import sys
import time


def opened():
    """What each worker opens: it remembers how many tasks it has had."""
    count = 0

    def work(task, report):
        nonlocal count
        count += 1
        match task:
            case ("raise", text):
                raise ValueError(text)
            case ("full disk",):
                raise OSError(28, "No space left on device")
            case ("die", number):
                os.kill(os.getpid(), number)
            case ("garble",):  # A pickle of a text that is no UTF-8, as messages are framed.
                pickled = b"\x80\x04\x8c\x01\x94."
                os.write(int(sys.argv[1]), len(pickled).to_bytes(4, "big") + pickled)
                time.sleep(600)
            case ("die once", path):
                if not os.path.exists(path):
                    open(path, "x").close()
                    os.kill(os.getpid(), signal.SIGSEGV)
            case ("sleep", path):
                open(path, "x").close()
                time.sleep(600)
            case ("chatter",):
                until = time.monotonic() + 300
                while time.monotonic() < until:
                    report("on it")
            case ("fill", megabytes):
                held = bytearray(b"x") * (megabytes << 20)
                time.sleep(600)
                return len(held)
            case ("report", *each):
                for what in each:
                    report(what)
        return os.getpid(), count

    return work


def cannot_open():
    raise ConnectionError("the store is away")
