"""That servers start, and that they stop on every path."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.emulators import gcloud, servers
from tests.emulators.servers import PortTakenError, ServerError, ToolMissingError, serve
from tests.paths import ROOT

pytestmark = pytest.mark.emulator

# A child inherits the listening socket: while either of the two lives, the port is taken.
LISTEN = """
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
subprocess.Popen(["sleep", "600"], pass_fds=[listener.fileno()])
print("listening", flush=True)
time.sleep(600)
"""
# The test process of someone else, to be killed.
OWNER = """
import signal, sys, time
from pathlib import Path
from tests.emulators.servers import serve

# A shell's background job, which the tests may be, passes on that SIGINT is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
command = lambda port: [sys.executable, "server.py", str(port)]
with serve("toy", command, "listening", folder=Path()) as server:
    print(server.address, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def command(tmp_path):
    """Turns the body of a script into a command line for `serve`."""

    def write(body: str):
        script = tmp_path / "server.py"
        script.write_text(f"import socket, subprocess, sys, time\n{body}")
        return lambda port: [sys.executable, str(script), str(port)]

    return write


def listens(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until_gone(address: str) -> None:
    deadline = time.monotonic() + 600
    while listens(address):
        assert time.monotonic() < deadline, f"{address} still listens"
        time.sleep(0.05)


def start_and_enter(*args, **settings) -> None:
    with serve("toy", *args, **settings):
        pass


def test_serve_stops_the_server_when_the_block_raises(command):
    def fail():
        with serve("toy", command(LISTEN), "listening") as server:
            assert listens(server.address)
            raise KeyError(server)

    with pytest.raises(KeyError) as caught:
        fail()
    (server,) = caught.value.args
    assert not server.running
    wait_until_gone(server.address)
    assert not server.log.exists()


def test_serve_keeps_the_log_in_a_given_folder(command, tmp_path):
    start_and_enter(command(LISTEN), "listening", folder=tmp_path)
    assert (tmp_path / "toy.log").read_text() == "listening\n"


def test_serve_tells_how_a_server_ended(command):
    with pytest.raises(ServerError, match=r"no such option: --colour\n.*status 1"):
        start_and_enter(command("sys.exit('no such option: --colour')"), "listening")


def test_serve_tells_what_a_server_was_doing_at_the_deadline(command):
    """On a busy machine a try may end before the server has said anything: the next has longer."""
    loading = command("print('loading', flush=True); time.sleep(600)")
    said, seconds = "", 0.5
    while "loading" not in said:
        seconds *= 2
        with pytest.raises(ServerError, match=f"not ready after {seconds:g} s") as raised:
            start_and_enter(loading, "listening", seconds=seconds)
        said = str(raised.value)
        assert seconds < 600
    assert said.endswith("\nloading")


def test_serve_names_a_program_that_does_not_exist():
    with pytest.raises(ServerError, match="no-such-program"):
        start_and_enter(lambda port: ["no-such-program"], "listening")


def test_serve_tries_another_port_when_one_is_taken(command, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = iter([taken, taken, servers.free_port()])
        monkeypatch.setattr(servers, "free_port", lambda: next(ports))
        with serve("toy", command(LISTEN), "listening") as server:
            assert server.port != taken


def test_serve_takes_no_other_port_than_the_given_one(command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"found port {taken} taken"):
            start_and_enter(command(LISTEN), "listening", port=taken)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_server_is_gone_when_its_owner_is_killed(command, tmp_path, end):
    command(LISTEN)
    (tmp_path / "owner.py").write_text(OWNER)
    with subprocess.Popen(
        [sys.executable, "owner.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout
        address = owner.stdout.readline().strip()
        assert listens(address)
        owner.send_signal(end)
    wait_until_gone(address)


def test_missing_component_names_the_commands_that_install_it():
    with pytest.raises(ToolMissingError, match="gcloud components install no-emulator"):
        gcloud.find_jar("no-emulator", "*.jar")


def test_missing_program_names_the_command_that_installs_it():
    with pytest.raises(ToolMissingError, match="apt-get install default-jdk-headless"):
        servers.find_program("no-such-program", gcloud.JDK)
