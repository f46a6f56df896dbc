"""The pipeline compiled, and run with Kubeflow's local runner on the real command line."""

import json
import os
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from tests.programs.started import preloaded
from vidset.cli.main import app
from vidset.datasets.versions.repository import Repository
from vidset.demo.numerals import draw_numeral

kfp = pytest.importorskip("kfp", reason="vidset[pipelines] is not installed")
IMAGE = "europe-docker.pkg.dev/p/vidset/training@sha256:" + "0" * 64
RECIPE = """
transforms:
- resize: {width: 32, height: 32}
augmentations:
  copies: 1
  seed: 1
  steps:
  - rotate: {degrees: [-10, 10]}
"""


def vidset(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def draw_images(folder):
    random = np.random.default_rng(1)
    for split, images in ("train", 12), ("validation", 6):
        for label in "i", "x":
            place = folder / split / label
            place.mkdir(parents=True)
            for number in range(images):
                cv2.imwrite(str(place / f"{number}.png"), draw_numeral(label, random))


@pytest.fixture
def compiled(tmp_path):
    path = tmp_path / "loop.yaml"
    written = vidset("pipeline", "-o", path, "--image", IMAGE, "--json")
    assert written.exit_code == 0, written.stderr
    return yaml.safe_load(path.read_text().split("\n---\n")[0])


def test_every_step_runs_in_the_image_that_was_named(compiled):
    containers = [each["container"] for each in compiled["deploymentSpec"]["executors"].values()]
    assert [container["image"] for container in containers] == [IMAGE] * 10


def test_what_a_user_gives_is_an_argument_never_a_part_of_a_script(compiled):
    for executor in compiled["deploymentSpec"]["executors"].values():
        container = executor["container"]
        assert container["command"][:2] == ["sh", "-c"]
        assert "{{" not in " ".join(container["command"])
        assert all(argument.startswith("{{$") or argument == "vs" for argument in container["args"])


def test_three_seeds_of_each_side_are_compared(compiled):
    tasks = compiled["root"]["dag"]["tasks"]
    seeds = [
        task["inputs"]["parameters"]["seed"]["runtimeValue"]["constant"]
        for name, task in tasks.items()
        if name.startswith("train")
    ]
    assert seeds == [1, 2, 3, 1, 2, 3]
    assert len(tasks["compare"]["inputs"]["artifacts"]) == 6


def test_an_image_without_a_digest_is_refused(tmp_path):
    refused = vidset("pipeline", "-o", tmp_path / "loop.yaml", "--image", "training:latest")
    assert refused.exit_code == 1
    assert "wanted one by its digest" in str(refused.exception)


@pytest.mark.slow
def test_the_pipeline_runs_with_the_local_runner(tmp_path, monkeypatch):
    from kfp import local
    from kfp.local.subprocess_task_handler import SubprocessTaskHandler

    from vidset.training.pipelines.loop import improve

    # The runner without containers takes Python functions only. Ours are command lines, which run
    # on this machine as in the image: `vidset` is forked, and `python3` this environment's.
    monkeypatch.setattr(SubprocessTaskHandler, "validate_not_container_component", lambda *_: None)
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "python3"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{preloaded().programs}:{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    work = tmp_path / "work"
    work.mkdir()
    place = tmp_path / "place"
    draw_images(tmp_path / "images")
    repository = tmp_path / "datasets"
    create = ("dataset", "create", tmp_path / "images", "--name", "v0")
    made = vidset(*create, "-p", tmp_path, "--near-distance", "off")
    assert made.exit_code == 0, made.stderr
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path).exit_code == 0
    shutil.rmtree(repository)
    monkeypatch.chdir(work)
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(tmp_path / "root"))
    improve(IMAGE)(place=str(place), baseline="v0", recipe=RECIPE, epochs=2, floor=0.0)
    comparison = json.loads(next((tmp_path / "root").rglob("comparison")).read_text())
    print(json.dumps(comparison)[:800])
    assert next((tmp_path / "root").rglob("index.html")).exists()
    assert len(Repository(place).versions()) == 2
