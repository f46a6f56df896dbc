"""Work for worker processes in tests."""

import os
import signal
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
            case ("die once", path):
                if not os.path.exists(path):
                    open(path, "x").close()
                    os.kill(os.getpid(), signal.SIGSEGV)
            case ("sleep", path):
                open(path, "x").close()
                time.sleep(600)
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
