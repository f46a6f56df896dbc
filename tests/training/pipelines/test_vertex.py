"""Vertex AI's own client makes a job of the pipeline, offline. It is not sent."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.emulators.environments import python_for_test
from tests.training.pipelines.test_loop import IMAGE, vidset

REQUIREMENTS = Path(__file__).with_name("vertex-requirements.txt")
PROGRAM = Path(__file__).with_name("submit.py")
INSTALL_SECONDS = 600
GIVEN = {"place": "gs://b/datasets", "baseline": "v0", "recipe": "transforms: [pad]"}

pytestmark = pytest.mark.slow


def submit(tmp_path, parameters):
    python = python_for_test("vertex", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    path = tmp_path / "loop.yaml"
    assert vidset("pipeline", "-o", path, "--image", IMAGE, "--quiet").exit_code == 0
    command = [python, "-I", PROGRAM, path, json.dumps(parameters)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_vertex_ai_takes_the_pipeline_with_its_parameters(tmp_path):
    ended = submit(tmp_path, GIVEN | {"epochs": 3})
    assert ended.returncode == 0, ended.stderr
    config = json.loads(ended.stdout)
    assert config["gcsOutputDirectory"] == "gs://bucket/root"
    assert config["parameterValues"] == GIVEN | {"epochs": 3}


def test_vertex_ai_refuses_a_parameter_that_the_pipeline_has_not(tmp_path):
    ended = submit(tmp_path, GIVEN | {"seed": 3})
    assert ended.returncode == 1
    assert "parameter seed is not found" in ended.stderr.splitlines()[-1]
