"""The process that all workers' commands come from outlives whoever asks it for one."""

import socket

from tests.programs.started import preloaded, run


def test_an_asker_that_is_killed_in_the_middle_ends_nothing_else():
    path = preloaded()._path
    for said in b"", b"\0\0", b"\0\0\0\x10{", b"\0\0\0\x02no":
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            peer.sendall(said)
    assert run(["--version"]).returncode == 0
