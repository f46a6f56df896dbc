"""The data-centric loop as a Kubeflow pipeline: Vertex AI runs it as it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import yaml
from kfp import compiler, dsl, kubernetes
from kfp.dsl.base_component import BaseComponent

from vidset.training.pipelines import components
from vidset.training.pipelines.options import PipelineOptions

NAME = "vidset-improve"
# They read or move what a name stands for, which may be something else tomorrow.
_NEVER_CACHED = frozenset({"resolve", "create", "gate", "publish"})
# Tried again, they would say the same.
_NEVER_RETRIED = frozenset({"gate", "validate"})
_HEAVY = frozenset({"train", "evaluate", "compare", "errors"})
_SCRATCH = "/scratch"  # Where the steps have their places, on a disk of its own.


def improve(options: PipelineOptions) -> BaseComponent:
    """The pipeline; its steps are containers of the image (docker/training)."""

    @dsl.pipeline(
        name=NAME,
        description="Is the version that a recipe makes better than the one it is made of?",
    )
    def vidset_improve(
        place: str,
        baseline: str,
        recipe: str = "",
        source: str = "",
        group_by: str = "video",
        model: str = "",
        epochs: int = 15,
        seeds: list[int] = [1, 2, 3],  # noqa: B006  Kubeflow reads it as the default.
        floor: float = 0.6,
        slack: float = 0.0,
        fatal: bool = False,
        name: str = "blessed",
        select_by: str = "",
        subset: int = 0,
    ):
        """Make a version, check it, train the fixed model on it, gate, compare, and publish.

        Args:
            place: Where the dataset versions are: gs:// or s3://.
            baseline: A version there, by name or id.
            recipe: The text of a recipe, YAML.
            source: What a version is made from first, such as bq://PROJECT.DATASET.
            group_by: What stays on one side of its split.
            model: A fixed model; empty: as the labels' kind chooses.
            epochs: Of each run.
            seeds: One run each, at the same time.
            floor: The candidate's least score.
            slack: How much worse than the best blessed version it may be.
            fatal: Whether anomalies end the pipeline.
            name: What a version that passes is called.
            select_by: The score that chooses the best epoch; empty: the model's first.
            subset: For a quick try, cut the baseline to about as many images and publish nothing.
        """
        made = _Made(options)
        parent = made("resolve", place=place, version=baseline, subset=subset).output
        candidate: Any = parent
        if options.creates:
            made_of = {"source": source, "parent": parent, "group_by": group_by}
            candidate = made("create", place=place, **made_of).output
        if options.has("apply"):
            candidate = made("apply_recipe", place=place, version=candidate, recipe=recipe).output
        shared = {"place": place, "version": candidate}
        dataset = made("describe", **shared).outputs["dataset"]
        for step in ("statistics", "schema"):
            if options.has(step):
                made(step, **shared)
        checked = made("validate", **shared, fatal=fatal) if options.has("validate") else None
        settings = {"place": place, "model": model, "epochs": epochs, "select_by": select_by}
        runs = _trained(made, dataset, settings, seeds, "candidate", checked)
        if options.has("compare"):
            before = made("describe", place=place, version=parent, called="describe baseline")
            earlier = before.outputs["dataset"]
            others = _trained(made, earlier, settings, seeds, "baseline", checked)
            made("compare", place=place, baseline=others(), candidate=runs())
        if options.has("errors"):
            made("errors", **shared, runs=runs())
        if options.has("gate"):
            judged = made("gate", **shared, runs=runs(), floor=floor, slack=slack)
            if options.has("publish"):
                verdict = judged.outputs["verdict"]
                judged_by = {"runs": runs(), "verdict": verdict, "subset": subset}
                made("publish", **shared, name=name, **judged_by)

    return cast(BaseComponent, vidset_improve)


def compile_pipeline(options: PipelineOptions, path: Path) -> None:
    """Write the pipeline's definition, YAML.

    Raises:
        ValueError: a default is of no parameter, or of another type.
    """
    parameters = dict(options.defaults)
    try:
        compiler.Compiler().compile(improve(options), str(path), pipeline_parameters=parameters)
    except (TypeError, ValueError) as error:
        raise ValueError(f"--set: {error}") from None


def steps_in(path: Path) -> list[str]:
    """Return the steps of a compiled pipeline, without loops, each once."""
    spec = next(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return sorted({name.removeprefix("exec-") for name in spec["deploymentSpec"]["executors"]})


def _trained(
    made: "_Made",
    dataset: Any,
    settings: dict[str, Any],
    seeds: Any,
    side: str,
    after: Any,
) -> Callable[[], dsl.Collected]:
    """Train a run for each seed, all at the same time, and score each; what collects the runs."""
    with dsl.ParallelFor(seeds, name=f"{side} seeds") as seed:
        # Kubeflow's local runner (2.17) takes no parameter of another step into a loop: the version
        # comes along as the dataset's.
        run = made("train", **settings, dataset=dataset, seed=seed, called=f"train {side}")
        if after is not None:
            run.after(after)
        if side == "candidate" and made.options.has("evaluate"):
            made("evaluate", place=settings["place"], dataset=dataset, run=run.outputs["run"])
    # The compiler changes what it is given, so that each step that reads all runs gets its own.
    return lambda: dsl.Collected(run.outputs["run"])


class _Made:
    """Makes the tasks of a pipeline, each with what all of them have."""

    def __init__(self, options: PipelineOptions):
        self.options = options

    def __call__(self, step: str, *, called: str = "", **given: Any) -> Any:
        component: Callable[..., Any] = getattr(components, step)
        task, options = component(**given), self.options
        task.set_container_image(options.image)
        if called:
            task.set_display_name(called)
        task.set_caching_options(options.caching and step not in _NEVER_CACHED)
        if options.retries and step not in _NEVER_RETRIED:
            task.set_retry(options.retries, backoff_duration="30s", backoff_factor=2)
        for secret in options.secrets:
            kubernetes.use_secret_as_env(task, secret.secret, {secret.key: secret.variable})
        if step in _HEAVY:
            self._give(task)
        return task

    def _give(self, task: Any) -> None:
        given = self.options.resources
        if given.cpu:
            task.set_cpu_limit(given.cpu)
        if given.memory:
            task.set_memory_limit(given.memory)
        if given.gpus:
            task.set_accelerator_type(given.gpu_type).set_accelerator_limit(given.gpus)
        if given.disk:
            task.set_env_variable("TMPDIR", _SCRATCH)
            kubernetes.add_ephemeral_volume(
                task, "scratch", _SCRATCH, ["ReadWriteOnce"], given.disk
            )
