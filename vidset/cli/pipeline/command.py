"""`vidset pipeline`: the loop for Kubeflow Pipelines and Vertex AI."""

import json
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet


def pipeline(
    output: Annotated[Path, typer.Argument(metavar="YAML", help="Where to.")],
    image: Annotated[
        str, typer.Option(help="The image of docker/training by its digest: NAME@sha256:...")
    ],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the pipeline that trains on two versions and compares, for Kubeflow or Vertex AI."""
    from vidset.training.pipelines.loop import compile_pipeline

    compile_pipeline(image, output)
    if as_json:
        print(json.dumps({"pipeline": str(output), "image": image}))
    elif not quiet:
        print(f"{output}: Kubeflow Pipelines v2, steps in {image}")
