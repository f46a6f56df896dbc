"""Test hosts on one machine: network namespaces on a bridge of their own, whose cables can be cut.

It needs root and iproute2. All hosts see the file systems of this machine.
"""

import ctypes
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.emulators.environments import skip_or_fail

_NETWORK = 0x40000000  # CLONE_NEWNET of sched.h.


class Hosts:
    """Hosts 1 to `number`, at 10.77.0.1 and so on."""

    def __init__(self, number: int):
        self._tag, self.number = uuid.uuid4().hex[:6], number
        self._made = 0
        # A thread that `entered` has started is on a host, where the cables' ends are not seen.
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("link", "set", self._bridge, "up")
        for host in range(1, number + 1):
            self._make(host)

    @property
    def _bridge(self) -> str:
        return f"vs{self._tag}"

    def _name(self, host: int) -> str:
        return f"vs{self._tag}-{host}"

    def _make(self, host: int) -> None:
        name = self._name(host)
        _ip("netns", "add", name)
        self._made = host
        _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", name, "master", self._bridge, "up")
        _ip("-n", name, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")

    def address(self, host: int) -> str:
        return f"10.77.0.{host}"

    def inside(self, host: int) -> tuple[str, ...]:
        """What a command begins with to run on a host."""
        return "ip", "netns", "exec", self._name(host)

    @contextmanager
    def entered(self, host: int) -> Iterator[None]:
        """Let this thread, and what it starts, be on a host until the block ends."""
        with (
            open("/proc/thread-self/ns/net") as here,
            open(f"/run/netns/{self._name(host)}") as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    def cut(self, host: int) -> None:
        """Pull a host's cable: whoever speaks with it gets no answer, and no refusal."""
        self._plug(host, "down")

    def heal(self, host: int) -> None:
        self._plug(host, "up")

    def _plug(self, host: int, state: str) -> None:
        words = ("nsenter", f"--net=/proc/self/fd/{self._outside}", "ip", "link", "set")
        subprocess.run(
            [*words, self._name(host), state],
            check=True,
            capture_output=True,
            pass_fds=[self._outside],
        )

    def end(self) -> None:
        for host in range(1, self._made + 1):
            _ip("netns", "delete", self._name(host))
        _ip("link", "delete", self._bridge)
        os.close(self._outside)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def hosts(number: int) -> Iterator[Hosts]:
    """So many hosts, until the block ends. Skips the test where they cannot be made."""
    if os.geteuid() or not shutil.which("ip"):
        skip_or_fail("Network namespaces are wanted, as root: apt install iproute2")
    try:
        made = Hosts(number)
    except subprocess.CalledProcessError as error:
        skip_or_fail(f"Network namespaces cannot be made here: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        made.end()
