"""The service's unit, its settings, and what its command does."""

import shlex
import shutil
import signal
import subprocess
import time

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.paths import ROOT
from tests.programs.started import Started
from tests.upload.recordings import environment, recording

FOLDER = ROOT / "deploy" / "collector"
UNIT = FOLDER / "vidset-upload.service"


def settings(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    if shutil.which("systemd-analyze") is None:
        skip_or_fail(ToolMissingError("systemd-analyze", "apt-get install systemd"))
    # Its program is not here: another stands for it.
    text = UNIT.read_text().replace("/opt/vidset/bin/vidset", "/bin/true")
    (tmp_path / UNIT.name).write_text(text)
    ended = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / UNIT.name],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_unit_comes_back_whatever_ended_it():
    """Also from exit code 2: at a start, a disk or credentials may not be there yet."""
    values = settings(UNIT.read_text())
    assert values["Restart"] == "always"
    assert int(values["RestartSec"]) >= 10
    assert "RestartPreventExitStatus" not in values


@pytest.mark.slow
def test_the_unit_s_command_uploads_what_appears(folder, tmp_path):
    values = settings((FOLDER / "upload.env.example").read_text())
    values |= {"BUCKET": folder.bucket, "RECORDINGS": str(tmp_path / "in")}
    command = settings(UNIT.read_text())["ExecStart"]
    for name, value in values.items():
        command = command.replace("${" + name + "}", value)
    assert "$" not in command
    program, *arguments = shlex.split(command)
    assert program == "/opt/vidset/bin/vidset"
    data = recording(tmp_path / "in" / "a.mp4").read_bytes()
    environment_of_it = environment({"STATE_DIRECTORY": str(tmp_path / "state")})
    process = Started((*arguments, "--settle", "0.1"), environment=environment_of_it)
    deadline = time.monotonic() + 600
    while not folder.objects() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(600) == 0
    assert list(folder.objects().values()) == [data]
    assert next(iter(folder.objects())).startswith("car-7/")
    assert (tmp_path / "state" / "state.sqlite").exists()
