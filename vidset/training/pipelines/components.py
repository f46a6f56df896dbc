"""The steps of the pipeline as Kubeflow's Python components, which its local runner runs as well.

Each one is a few lines that Kubeflow takes along as text; the work is in `steps`, in the image.
What a user gives is passed as arguments, never as part of a script. The image has kfp, so that
nothing is installed when a step begins.
"""

from collections.abc import Callable
from typing import Any

from kfp import dsl

# What the pipeline sets instead: an image by its digest.
_IMAGE = "vidset-training-python"
_STEP: Callable[[Callable[..., Any]], Any] = dsl.component(
    base_image=_IMAGE, install_kfp_package=False
)


@_STEP
def resolve(place: str, version: str, subset: int) -> str:
    """The id of a version that is named or numbered, or of a part of it for a quick try."""
    from vidset.training.pipelines import steps

    return steps.resolve(place, version, subset)


@_STEP
def create(place: str, source: str, parent: str, group_by: str) -> str:
    """Make a version from a warehouse, such as bq://PROJECT.DATASET."""
    from vidset.training.pipelines import steps

    return steps.create(place, source, parent, group_by)


@_STEP
def apply_recipe(place: str, version: str, recipe: str) -> str:
    """Make the next version by a recipe (YAML)."""
    from vidset.training.pipelines import steps

    return steps.apply(place, version, recipe)


@_STEP
def describe(place: str, version: str, dataset: dsl.Output[dsl.Dataset]):
    """Say which version this is about."""
    from vidset.training.pipelines import steps

    dataset.metadata.update(steps.describe(place, version, dataset.path))


@_STEP
def statistics(
    place: str, version: str, page: dsl.Output[dsl.HTML], metrics: dsl.Output[dsl.Metrics]
):
    """Draw the version's statistics, split by split."""
    from vidset.training.pipelines import steps

    for name, value in steps.statistics(place, version, page.path).items():
        metrics.log_metric(name, value)


@_STEP
def schema(place: str, version: str, frozen: dsl.Output[dsl.Artifact]):
    """Take along the schema that versions are checked against."""
    from vidset.training.pipelines import steps

    steps.schema(place, version, frozen.path)


@_STEP
def validate(
    place: str,
    version: str,
    fatal: bool,
    report: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
) -> bool:
    """Look for leaks, which end the pipeline, and for anomalies, which do so with `fatal`."""
    from vidset.training.pipelines import steps

    found = steps.validate(place, version, fatal=fatal, report=report.path)
    for name, value in found.items():
        metrics.log_metric(name, value)
    return not any(found.values())


@_STEP
def train(
    place: str,
    dataset: dsl.Input[dsl.Dataset],
    model: str,
    seed: int,
    epochs: int,
    select_by: str,
    run: dsl.Output[dsl.Model],
):
    """Train the fixed model on a version with a seed."""
    from vidset.training.pipelines import steps

    version = dataset.metadata["version"]
    trained = steps.train(place, version, model, seed, epochs, run.path, select_by)
    run.metadata.update(trained)


@_STEP
def evaluate(
    place: str,
    dataset: dsl.Input[dsl.Dataset],
    run: dsl.Input[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    confusion: dsl.Output[dsl.ClassificationMetrics],
    evaluation: dsl.Output[dsl.Artifact],
):
    """Score a run by label and by slice."""
    from vidset.training.pipelines import steps

    version = dataset.metadata["version"]
    scored = steps.evaluate(place, version, run.path, evaluation.path)
    for name, value in scored.metrics.items():
        metrics.log_metric(name, value)
    if scored.confusion:
        labels = list(scored.confusion.labels)
        confusion.log_confusion_matrix(labels, [list(row) for row in scored.confusion.matrix])


@_STEP
def gate(
    place: str,
    version: str,
    runs: dsl.Input[list[dsl.Model]],
    floor: float,
    slack: float,
    verdict: dsl.Output[dsl.Artifact],
):
    """Hold the first run against the floor and the best blessed version; else the step fails."""
    from vidset.training.pipelines import steps

    verdict.metadata.update(steps.gate(place, version, runs[0].path, floor, slack, verdict.path))


@_STEP
def compare(
    place: str,
    baseline: dsl.Input[list[dsl.Model]],
    candidate: dsl.Input[list[dsl.Model]],
    comparison: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
):
    """Tell whether the candidate's version is better by more than the noise."""
    from vidset.training.pipelines import steps

    sides = [[run.path for run in runs] for runs in (baseline, candidate)]
    for name, value in steps.compare(place, sides[0], sides[1], comparison.path).items():
        metrics.log_metric(name, value)


@_STEP
def errors(
    place: str,
    version: str,
    runs: dsl.Input[list[dsl.Model]],
    page: dsl.Output[dsl.HTML],
    folder: dsl.Output[dsl.Artifact],
    metrics: dsl.Output[dsl.Metrics],
):
    """Show where the first run errs, as the page to review."""
    from vidset.training.pipelines import steps

    found = steps.errors(place, version, runs[0].path, page.path, folder.path)
    for name, value in found.items():
        metrics.log_metric(name, value)


@_STEP
def publish(
    place: str,
    version: str,
    name: str,
    runs: dsl.Input[list[dsl.Model]],
    verdict: dsl.Input[dsl.Artifact],
    subset: int,
):
    """Give the version that passed its name, and keep its runs for the next gate."""
    from vidset.training.pipelines import steps

    steps.publish(place, version, name, [run.path for run in runs], verdict.path, subset)
