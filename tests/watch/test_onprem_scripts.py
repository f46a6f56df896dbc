"""deploy/onprem: the scripts that set it up, and secrets that no program gets as an argument."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.watch.onprem import ONPREM, SERVICES

_MC = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in "admin user add"*) cat >> "$CALLS.stdin";; esac
"""


@pytest.mark.attack
@pytest.mark.parametrize(
    ("script", "words", "given", "said"),
    [
        ("buckets.sh", [], "", "watcher-secret\nlabels-secret\n"),
        ("collector.sh", ["truck-7"], "truck-secret\n", "truck-secret\n"),
        ("events.sh", [], "", None),
    ],
)
def test_a_setup_script_passes_no_secret_as_an_argument(script, words, given, said, tmp_path):
    """Run with an `mc` that writes down what it is given: arguments can be read by all users."""
    mc, calls = tmp_path / "mc", tmp_path / "calls"
    mc.write_text(_MC)
    mc.chmod(0o755)
    secrets = {"WATCHER_SECRET": "watcher-secret", "LABELS_SECRET": "labels-secret"}
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "MC_HOST_site": "http://root:root-secret@minio:9000",
        "WATCHER_KEY": "watcher-key",
        "LABELS_KEY": "labels-key",
        **secrets,
    }
    subprocess.run(
        ["sh", ONPREM / script, *words], input=given, text=True, check=True, env=environment
    )
    assert "secret" not in calls.read_text()
    taken = Path(f"{calls}.stdin")
    assert (taken.read_text() if taken.exists() else None) == said


def test_no_program_of_the_services_gets_a_secret_as_an_argument():
    for name, service in SERVICES.items():
        words = [*service.get("command", ()), *service.get("entrypoint", ())]
        words += service.get("healthcheck", {}).get("test", ())
        for word in words:
            assert not re.search(r"\$\{\w*(SECRET|PASSWORD|TOKEN)", str(word)), (name, word)
    for script in ROOT.rglob("*.sh"):
        if ".venv" in script.parts or "node_modules" in script.parts:
            continue
        for line in script.read_text().splitlines():
            # printf and echo are of the shell itself: no program is started.
            if re.search(r"\$\{?\w*(SECRET|PASSWORD|TOKEN)", line):
                assert re.match(r"\s*(printf|echo|export|\w+=|:|\[|test|if)", line), (script, line)


@pytest.mark.parametrize("script", ["buckets.sh", "events.sh"])
def test_a_setup_script_is_one_of_the_shells_and_uses_what_it_is_given(script):
    text = (ONPREM / script).read_text()
    subprocess.run(["sh", "-n", ONPREM / script], check=True)
    used = set(re.findall(r"\$(\w{2,})", text)) - {"name"}
    assert used <= set(SERVICES[script.removesuffix(".sh")]["environment"])
    for path in re.findall(r'"/setup/([^"]+)"', text):
        assert list(ONPREM.glob(path.replace("$name", "*"))), path
