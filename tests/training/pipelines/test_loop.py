"""The pipeline compiled, and run with Kubeflow's local runner on the real command line."""

import builtins
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
STEPS = {
    *(
        "resolve",
        "apply-recipe",
        "describe",
        "describe-2",
        "statistics",
        "schema",
        "validate",
        "train",
    ),
    *("train-2", "evaluate", "gate", "compare", "errors", "publish"),
}


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


def documents(tmp_path, *more):
    path = tmp_path / "loop.yaml"
    written = vidset("pipeline", "-o", path, "--image", IMAGE, "--json", *more)
    assert written.exit_code == 0, written.stderr or str(written.exception)
    return list(yaml.safe_load_all(path.read_text()))


def executors(spec):
    found = spec["deploymentSpec"]["executors"].items()
    return {name.removeprefix("exec-"): each["container"] for name, each in found}


def tasks(spec):
    dags = [spec["root"], *spec["components"].values()]
    return {
        name: task
        for dag in dags
        for name, task in dag.get("dag", {}).get("tasks", {}).items()
        if not name.startswith("for-loop")
    }


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """What is compiled without options. It is only read."""
    return documents(tmp_path_factory.mktemp("compiled"))[0]


def test_every_step_runs_in_the_image_that_was_named(compiled):
    found = executors(compiled)
    assert set(found) == STEPS
    assert {container["image"] for container in found.values()} == {IMAGE}


def test_what_a_user_gives_is_an_argument_never_a_part_of_a_script(compiled):
    for container in executors(compiled).values():
        assert container["args"][:2] == ["--executor_input", "{{$}}"]
        script = " ".join(container["command"])
        assert "{{" not in script
        assert "pip install" not in script  # All of it is in the image.


def test_a_run_is_trained_for_each_seed_of_both_sides_at_the_same_time(compiled):
    loops = [
        task["parameterIterator"]["items"]["inputParameter"]
        for dag in [compiled["root"], *compiled["components"].values()]
        for task in dag.get("dag", {}).get("tasks", {}).values()
        if "parameterIterator" in task
    ]
    assert len(loops) == 2
    inputs = compiled["root"]["inputDefinitions"]["parameters"]
    assert inputs["seeds"]["defaultValue"] == [1, 2, 3]


def test_the_dashboards_are_told_the_kinds_of_what_is_made(compiled):
    made = {
        f"{component.removeprefix('comp-')}.{name}": artifact["artifactType"]["schemaTitle"]
        for component, each in compiled["components"].items()
        if component.removeprefix("comp-") in STEPS
        for name, artifact in each.get("outputDefinitions", {}).get("artifacts", {}).items()
    }
    assert made["describe.dataset"] == "system.Dataset"
    assert made["train.run"] == "system.Model"
    assert made["evaluate.metrics"] == "system.Metrics"
    assert made["evaluate.confusion"] == "system.ClassificationMetrics"
    assert made["statistics.page"] == made["errors.page"] == "system.HTML"


def test_what_a_name_stands_for_is_asked_each_time_and_the_rest_is_cached(compiled):
    cached = {
        name for name, task in tasks(compiled).items() if task["cachingOptions"].get("enableCache")
    }
    assert cached == STEPS - {"resolve", "gate", "publish"}
    again = {name for name, task in tasks(compiled).items() if "retryPolicy" in task}
    assert again == STEPS - {"gate", "validate"}


def test_steps_that_are_skipped_are_not_there(tmp_path):
    skipped = ("compare", "errors", "schema", "apply", "publish", "gate")
    spec = documents(tmp_path, *(word for step in skipped for word in ("--skip", step)))[0]
    left = {"resolve", "describe", "statistics", "validate", "train", "evaluate"}
    assert set(executors(spec)) == left


def test_resources_retries_and_secrets_are_those_that_were_named(tmp_path):
    more = "--gpus 1 --memory 16G --cpu 4 --disk 50Gi --retries 5 --no-cache --create"
    spec, platform = documents(tmp_path, *more.split(), "--secret", "AWS_SECRET_ACCESS_KEY=s3/key")
    train = executors(spec)["train"]["resources"]
    assert train["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert (train["resourceMemoryLimit"], train["resourceCpuLimit"]) == ("16G", "4")
    assert "resources" not in executors(spec)["validate"]
    assert tasks(spec)["train"]["retryPolicy"]["maxRetryCount"] == 5
    assert not any(task["cachingOptions"].get("enableCache") for task in tasks(spec).values())
    on_kubernetes = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(on_kubernetes) == {f"exec-{name}" for name in {*STEPS, "create"}}
    [secret] = on_kubernetes["exec-publish"]["secretAsEnv"]
    assert secret["secretName"] == "s3"
    assert secret["keyToEnv"] == [{"envVar": "AWS_SECRET_ACCESS_KEY", "secretKey": "key"}]
    assert on_kubernetes["exec-train"]["genericEphemeralVolume"][0]["size"] == "50Gi"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("--skip aply", "did you mean 'apply'"),
        ("--skip gate", "wanted publish skipped as well"),
        ("--set epoch=3", "did you mean 'epochs'"),
        ("--set epochs=many", "--set epochs: wanted a whole number, got 'many'"),
        ("--set source=bq://p.d", "wanted --create beside it"),
        ("--memory much", "--memory: wanted a size such as 16G, got 'much'"),
        ("--secret KEY", "wanted VARIABLE=SECRET/KEY, got 'KEY'"),
        ("--submit kubeflow", "wanted https://HOST or vertex:PROJECT/LOCATION"),
        ("--submit vertex:proj-1/europe-west1", "--root: wanted gs://BUCKET/PREFIX"),
        ("--submit https://h --set baseline=v0", "--submit: wanted --set place=VALUE"),
        ("--root gs://b", "--root: wanted --submit beside it"),
        ("--schedule daily", "--schedule: wanted five fields of cron"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(tmp_path, more, why):
    path = tmp_path / "loop.yaml"
    refused = vidset("pipeline", "-o", path, "--image", IMAGE, *more.split())
    assert why.lower() in str(refused.exception).lower()
    assert not path.exists()


def test_an_image_without_a_digest_is_refused(tmp_path):
    refused = vidset("pipeline", "-o", tmp_path / "loop.yaml", "--image", "training:latest")
    assert refused.exit_code == 1
    assert "wanted one by its digest" in str(refused.exception)


@pytest.fixture
def on_this_machine(tmp_path, monkeypatch):
    """`vidset` is forked instead of started, and `python3` is this environment's."""
    # kfp's local runner replaces `print` while a task runs; two at once leave it replaced.
    monkeypatch.setattr(builtins, "print", builtins.print)
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "python3"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{preloaded().programs}:{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.mark.slow
@pytest.mark.usefixtures("on_this_machine")
def test_the_pipeline_runs_with_the_local_runner(tmp_path):
    from kfp import local

    from vidset.training.pipelines import steps
    from vidset.training.pipelines.calling import StepFailedError
    from vidset.training.pipelines.loop import improve
    from vidset.training.pipelines.options import PipelineOptions

    place, root = tmp_path / "place", tmp_path / "root"
    draw_images(tmp_path / "images")
    create = ("dataset", "create", tmp_path / "images", "--name", "v0")
    made = vidset(*create, "-p", tmp_path, "--near-distance", "off")
    assert made.exit_code == 0, made.stderr
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path).exit_code == 0
    shutil.rmtree(tmp_path / "datasets")
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(root))
    given = {"place": str(place), "baseline": "v0", "recipe": RECIPE, "epochs": 1, "floor": 0.0}
    improve(PipelineOptions(IMAGE))(**given, seeds=[1, 2], select_by="loss")

    def one(name):
        return next(iter(sorted(root.rglob(name))))

    repository = Repository(place)
    assert len(repository.versions()) == 2
    blessed = repository.resolve("blessed")
    assert blessed != repository.resolve("v0")
    assert json.loads(one("dataset").read_text())["version"] == blessed
    assert "<html" in one("page").read_text()
    assert json.loads(one("frozen").read_text())["number"] == 1
    assert json.loads(one("report").read_text())["leaks"]["leaks"] == []
    assert json.loads(one("verdict").read_text())["passes"] is True
    comparison = json.loads(one("comparison").read_text())
    assert (len(comparison["baseline"]["runs"]), len(comparison["candidate"]["runs"])) == (2, 2)
    evaluation = json.loads(one("evaluation").read_text())["validation"]
    assert evaluation["slices"]
    runs = [each.parent for each in sorted(root.rglob("run.json"))]
    assert len({json.loads((run / "run.json").read_text())["run_id"] for run in runs}) == 4
    told = [json.loads(each.read_text()) for each in root.rglob("executor_output.json")]
    artifacts = [
        (artifact["name"], artifact["metadata"])
        for each in told
        for several in each.get("artifacts", {}).values()
        for artifact in several["artifacts"]
    ]
    metrics = [each for name, each in artifacts if name == "metrics"]
    assert any(each.get("validation score") == evaluation["score"] for each in metrics)
    assert any(each.get("images") == 24 + 24 + 12 for each in metrics)
    assert any("difference low" in each for each in metrics)
    [*matrices] = [each for name, each in artifacts if name == "confusion"]
    assert len(matrices) == 2
    rows = matrices[0]["confusionMatrix"]["rows"]
    assert sum(sum(row["row"]) for row in rows) == 12

    assert {json.loads((run / "run.json").read_text())["select_by"] for run in runs} == {"loss"}

    run = next(run for run in runs if json.loads((run / "run.json").read_text())["seed"] == 1)
    verdict = str(tmp_path / "verdict")
    with pytest.raises(StepFailedError, match=r"the gate refuses: score .* is below the floor 1"):
        steps.gate(str(place), blessed, str(run), 1.0, 0.0, verdict)
    with pytest.raises(StepFailedError, match="has not passed the gate"):
        steps.publish(str(place), blessed, "other", [str(run)], verdict)
    assert "other" not in repository.names()

    # A quick try is of a part of the baseline, and publishes nothing.
    part = steps.resolve(str(place), "v0", 8)
    assert repository.number_of_images(part) == 8
    assert steps.resolve(str(place), "v0", 8) == part
    passed = str(one("verdict"))
    assert steps.publish(str(place), part, "other", [str(run)], passed, subset=8) == []
    assert "other" not in repository.names()
