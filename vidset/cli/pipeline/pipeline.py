"""`vidset pipeline`: the loop for Kubeflow Pipelines and Vertex AI."""

import shlex
from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, say
from vidset.cli.flags import Json, Overwrite, Quiet


@dataclass(frozen=True, slots=True)
class Compiled:
    """The object that `vidset pipeline --json` prints.

    Attributes:
        steps: of the pipeline, in the order in which they begin at the earliest.
        run: what the server calls the run or the schedule; null without --submit, and if an earlier
            run goes on.
        running: the earlier run that goes on, with --unless-running.
    """

    output: str
    image: str
    steps: list[str]
    run: str | None = None
    running: str | None = None


@described(
    "vidset pipeline -o loop.yaml --image NAME@sha256:DIGEST",
    "vidset pipeline -o loop.yaml --image NAME@sha256:DIGEST --skip compare --skip errors --gpus 1",
    "vidset pipeline -o loop.yaml --image NAME@sha256:DIGEST --submit vertex:PROJECT/europe-west1 "
    "--root gs://BUCKET/runs --set place=gs://BUCKET/roads --set baseline=v0 "
    "--set recipe=@recipe.yaml",
    part="pipelines",
    result="vidset.cli.pipeline.pipeline:Compiled",
    stage="Models",
    note="The parameters are place, baseline, recipe, source, group_by, model, epochs, seeds, "
    "floor, slack, fatal, name, select_by and subset: docs/data-centric.md explains them. --submit "
    "takes https:// of Kubeflow Pipelines, or vertex:PROJECT/LOCATION.",
)
def pipeline(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="The YAML file to write.")
    ],
    image: Annotated[
        str,
        typer.Option(
            metavar="NAME@sha256:...", help="The image of docker/training, by its digest."
        ),
    ],
    creates: Annotated[
        bool,
        typer.Option("--create", help="Make a version first, from the parameter `source`."),
    ] = False,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP", help="Leave out this step. May be repeated."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Set a parameter; @FILE is a file's text. May be repeated.",
        ),
    ] = None,
    caching: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Take results of earlier runs.")
    ] = True,
    retries: Annotated[
        int, typer.Option(min=0, metavar="N", help="Try a step that fails so many times again.")
    ] = 2,
    cpu: Annotated[
        str | None, typer.Option(metavar="N", help="Cores of the steps with models.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Their memory, such as 16G.")
    ] = None,
    disk: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Their disk for temporary files, on Kubernetes."),
    ] = None,
    gpus: Annotated[int, typer.Option(min=0, metavar="N", help="Their GPUs.")] = 0,
    gpu_type: Annotated[
        str, typer.Option(metavar="TYPE", help="NVIDIA_TESLA_T4 and others on Vertex AI.")
    ] = "nvidia.com/gpu",
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VARIABLE=SECRET/KEY",
            help="A variable of the steps, from a secret of Kubernetes. May be repeated.",
        ),
    ] = None,
    submit: Annotated[
        str | None, typer.Option(metavar="URL", help="Run it at Kubeflow or on Vertex AI.")
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(metavar="URL", help="With --submit, where artifacts go; gs:// on Vertex AI."),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="CRON", help="With --submit, run it again and again, such as '0 3 * * 1' (UTC)."
        ),
    ] = None,
    unless_running: Annotated[
        bool,
        typer.Option(
            "--unless-running",
            help="With --submit to Vertex AI, start nothing while an earlier run with the same "
            "labels goes on.",
        ),
    ] = False,
    service_account: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="With --submit, the account that the steps run as."),
    ] = None,
    run_labels: Annotated[
        list[str] | None,
        typer.Option(
            "--run-label",
            metavar="NAME=VALUE",
            help="With --submit to Vertex AI, a label of the run. May be repeated.",
        ),
    ] = None,
    kms_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="With --submit to Vertex AI, the key that encrypts the run."
        ),
    ] = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the loop as a Kubeflow or Vertex AI pipeline, or run it.

    The pipeline makes a version, checks it, trains on it and on the baseline with each seed, gates,
    compares, shows the errors, and publishes what passes.
    """
    from vidset.output import new_file
    from vidset.training.pipelines.loop import compile_pipeline, steps_in
    from vidset.training.pipelines.options import PipelineOptions, Resources, Secret
    from vidset.training.pipelines.parameters import parameters_of
    from vidset.training.pipelines.submitted import RunAs, labels_of
    from vidset.training.pipelines.submitting import check_schedule, parse_target

    run_as = RunAs(service_account, labels_of(run_labels or ()), kms_key)
    target = parse_target(submit, root, run_as, unless_running=unless_running)
    when = check_schedule(schedule)
    if when and target is None:
        raise ValueError("--schedule: wanted --submit beside it")
    if when and unless_running:
        raise ValueError("--unless-running: wanted no --schedule, which runs one at a time anyway")
    parameters = parameters_of(given or ())
    options = PipelineOptions(
        image,
        creates,
        frozenset(skip or ()),
        caching,
        retries,
        Resources(cpu, memory, disk, gpus, gpu_type),
        tuple(map(Secret.of, secret or ())),
        parameters,
    )
    options.check_parameters(is_submitted=target is not None)
    path = new_file("--output", output, overwrite=overwrite)
    compile_pipeline(options, path)
    submitted = target.submit(path, parameters, when) if target else None
    run = submitted.name if submitted and submitted.is_new else None
    running = submitted.name if submitted and not submitted.is_new else None
    became = f"; run {run}" if run else f"; nothing started, {running} goes on" if running else ""
    named = f" {shlex.quote(str(path))}"
    answer(
        Compiled(str(path), image, steps_in(path), run, running),
        lambda: say(f"{path}: Kubeflow Pipelines v2, steps in {image}{became}"),
        as_json=as_json,
        quiet=quiet,
        next_words=None
        if submitted
        else f"kfp run create -e vidset -f{named} place=gs://BUCKET/PREFIX "
        'baseline=v0 recipe="$(cat recipe.yaml)"',
    )
