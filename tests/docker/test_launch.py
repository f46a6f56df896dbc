"""The Flex Templates' main program: which job, with which arguments."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INGEST = ["--images=gs://images", "--ledger=bq://project-1.vidset"]
EXPORT = ["--store=firestore://project-1", "--warehouse=bq://project-1.vidset"]


def launch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", str(ROOT / "docker" / "beam" / "launch.py"), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )


@pytest.mark.parametrize(
    ("arguments", "job"),
    [
        pytest.param(["--images=gs://images"], "dataflow.extract_frames", id="ingest"),
        pytest.param(["--store=firestore://p"], "dataflow.export_annotations", id="export"),
    ],
)
def test_a_job_is_chosen_by_its_own_option(arguments, job):
    ended = launch(*arguments, "--help")
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"usage: python -m {job} ")


@pytest.mark.parametrize(
    ("arguments", "got"),
    [
        pytest.param([], "got no options", id="none"),
        pytest.param([*INGEST, *EXPORT], "got --images, --ledger, --store, --warehouse", id="both"),
        pytest.param(["--ledger=bq://p.d"], "got --ledger", id="neither"),
    ],
)
def test_arguments_of_no_job_or_of_both_are_refused(arguments, got):
    ended = launch(*arguments)
    assert ended.returncode == 2
    assert got in ended.stderr


def test_a_jobs_own_complaint_comes_through():
    ended = launch(*INGEST)
    assert ended.returncode == 2
    assert "wanted either --input (batch) or --input_subscription (streaming)" in ended.stderr


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_flag_of_a_template_has_a_value(value):
    """argparse alone would refuse --full=true."""
    ended = launch(*EXPORT, f"--full={value}")
    assert ended.returncode == 2
    assert "--dead_letters is required" in ended.stderr


def test_a_flag_is_true_or_false():
    ended = launch(*EXPORT, "--full=yes")
    assert ended.returncode == 2
    assert "--full must be true or false, got 'yes'" in ended.stderr
