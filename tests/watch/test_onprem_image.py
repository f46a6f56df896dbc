"""deploy/onprem: the steps of its Dockerfile, done without a container."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tests.emulators.environments import python_for_test
from tests.emulators.servers import free_port
from tests.paths import ROOT
from tests.watch.onprem import ONPREM, SERVICES

INSTALL_SECONDS = 300


def copies() -> list[tuple[str, str]]:
    return re.findall(r"^COPY (\S+) (\S+)$", (ONPREM / "Dockerfile").read_text(), re.MULTILINE)


def test_the_build_sees_what_it_copies():
    """The ignore file lets nothing in but what is copied."""
    lines = (ONPREM / "Dockerfile.dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[0] == "*"
    assert let_in == {source for source, _ in copies()}


@pytest.mark.slow
def test_the_images_steps_give_commands_that_start(tmp_path):
    """In a clean environment: the locked requirements, the copied folders, and nothing else."""
    python = python_for_test(
        "onprem", ONPREM / "requirements.txt", INSTALL_SECONDS, is_complete=True
    )
    for source, target in copies():
        place = tmp_path / target.removeprefix("/")
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, place, dirs_exist_ok=True, ignore=ignored)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path / "opt" / "vidset"),
        "TMPDIR": str(tmp_path),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "VIDSET_AMQP_PASSWORD": "any",
    }

    def vidset(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "vidset", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            env=environment,
            cwd=tmp_path,
        )

    for command in ("watch", "extract", "label"):
        assert vidset(command, "--help").returncode == 0
    values = {"RABBITMQ_USER:?": "vidset"}
    arguments = [
        re.sub(r"\$\{([^}]*)\}", lambda match: values[match[1]], each)
        for each in SERVICES["watcher"]["command"]
    ]
    metrics = "--metrics=127.0.0.1:0"
    arguments = [metrics if each.startswith("--metrics") else each for each in arguments]
    ended = vidset(*arguments, "--until-idle", "1", "--json")
    assert ended.returncode == 1, ended.stderr
    assert json.loads(ended.stdout)["events"] == 0
    # It came as far as the store, with its client, in a process of its own.
    assert "what is written cannot be reached: StoreUnavailableError: s3://data" in ended.stderr
    assert "with EndpointConnectionError: Could not connect to the endpoint" in ended.stderr
