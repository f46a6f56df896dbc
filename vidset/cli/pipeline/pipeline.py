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
    """The object that `vidset pipeline --json` prints."""

    output: str
    image: str


@described(
    "vidset pipeline -o loop.yaml --image NAME@sha256:DIGEST",
    "vidset pipeline -o loop.yaml --image NAME@sha256:DIGEST --overwrite",
    part="pipelines",
    result="vidset.cli.pipeline.pipeline:Compiled",
    stage="Models",
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
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the loop as a pipeline for Kubeflow or Vertex AI.

    The pipeline applies a recipe, trains on both versions with three seeds, and compares them.
    """
    from vidset.output import new_file
    from vidset.training.pipelines.loop import compile_pipeline

    path = new_file("--output", output, overwrite=overwrite)
    compile_pipeline(image, path)
    answer(
        Compiled(str(path), image),
        lambda: say(f"{path}: Kubeflow Pipelines v2, steps in {image}"),
        as_json=as_json,
        quiet=quiet,
        next_words=f"kfp run create -e vidset -f {shlex.quote(str(path))} place=gs://BUCKET/PREFIX "
        'baseline=v0 recipe="$(cat recipe.yaml)"',
    )
