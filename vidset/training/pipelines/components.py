"""The steps of the loop as containers: each is the command line, around a shared repository.

Versions are in a place that all containers reach (gs://, s3://); each step pulls what it needs and
pushes what it made. What a user gives is passed as arguments, never as part of a script.
"""

from typing import Any

from kfp import dsl

# What the pipeline sets instead: an image by its digest.
_IMAGE = "vidset-training"

# All that Kubeflow tells a step, as JSON, in the place of this text.
_TOLD = "{{$}}"
# The step's artifacts, in the file that Kubeflow names for it: its local runner knows no others.
_SAY_ARTIFACTS = """
python3 -c '
import json, pathlib, sys
outputs = json.loads(sys.argv[1])["outputs"]
path = pathlib.Path(outputs["outputFile"])
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({"artifacts": outputs["artifacts"]}))
' "$told"
"""
_APPLY = """
set -eu
export VIDSET_PLACE=.
vidset dataset pull "$2" --from "$1" --quiet
printf '%s' "$3" > recipe.yaml
vidset dataset apply "$2" recipe.yaml --cap 10000 --json > made.json
version=$(python3 -c 'import json; print(json.load(open("made.json"))["version"])')
vidset dataset push "$version" --to "$1" --quiet
mkdir -p "$(dirname "$4")"
printf '%s' "$version" > "$4"
"""
_TRAIN = """
set -eu
export VIDSET_PLACE=.
told=$7
vidset dataset pull "$2" --from "$1" --quiet
vidset train "$2" --output "$6" --model "$3" --seeds "$4" --epochs "$5" --quiet
"""
_TRAIN += _SAY_ARTIFACTS
_EVALUATE = """
set -eu
export VIDSET_PLACE=.
told=$6
vidset dataset pull "$2" --from "$1" --quiet
vidset evaluate "$3" --json > evaluation.json
mkdir -p "$(dirname "$5")"
cp evaluation.json "$5"
vidset evaluate "$3" --floor "$4" --quiet
"""
_EVALUATE += _SAY_ARTIFACTS
_COMPARE = """
set -eu
export VIDSET_PLACE=.
told=$1
out=$2
shift 2
mkdir -p "$(dirname "$out")"
vidset compare "$@" --json > "$out"
"""
_COMPARE += _SAY_ARTIFACTS
_ERRORS = """
set -eu
export VIDSET_PLACE=.
told=$5
vidset dataset pull "$2" --from "$1" --quiet
vidset errors "$3" --output "$4" --quiet
"""
_ERRORS += _SAY_ARTIFACTS


def _script(text: str) -> list[Any]:
    return ["sh", "-c", text, "vidset"]


@dsl.container_component
def apply_recipe(place: str, version: str, recipe: str, made: dsl.OutputPath(str)):  # pyright: ignore[reportInvalidTypeForm]
    """Make the next version by a recipe (YAML), from a version at the place."""
    return dsl.ContainerSpec(
        image=_IMAGE, command=_script(_APPLY), args=[place, version, recipe, made]
    )


@dsl.container_component
def train(place: str, version: str, model: str, seed: int, epochs: int, run: dsl.Output[dsl.Model]):
    """Train the fixed model on a version with a seed."""
    return dsl.ContainerSpec(
        image=_IMAGE,
        command=_script(_TRAIN),
        args=[place, version, model, str(seed), str(epochs), run.path, _TOLD],
    )


@dsl.container_component
def evaluate(
    place: str,
    version: str,
    run: dsl.Input[dsl.Model],
    floor: float,
    evaluation: dsl.Output[dsl.Artifact],
):
    """Score a run; below the floor, the step fails."""
    return dsl.ContainerSpec(
        image=_IMAGE,
        command=_script(_EVALUATE),
        args=[place, version, run.path, str(floor), evaluation.path, _TOLD],
    )


@dsl.container_component
def compare(
    baseline_1: dsl.Input[dsl.Model],
    baseline_2: dsl.Input[dsl.Model],
    baseline_3: dsl.Input[dsl.Model],
    candidate_1: dsl.Input[dsl.Model],
    candidate_2: dsl.Input[dsl.Model],
    candidate_3: dsl.Input[dsl.Model],
    comparison: dsl.Output[dsl.Artifact],
):
    """Tell whether the candidate's version is better by more than the noise."""
    baseline = [baseline_1.path, baseline_2.path, baseline_3.path]
    candidate = [candidate_1.path, candidate_2.path, candidate_3.path]
    return dsl.ContainerSpec(
        image=_IMAGE,
        command=_script(_COMPARE),
        args=[_TOLD, comparison.path, *baseline, "vs", *candidate],
    )


@dsl.container_component
def errors(place: str, version: str, run: dsl.Input[dsl.Model], page: dsl.Output[dsl.Artifact]):
    """Show where the run errs, as the page to review."""
    return dsl.ContainerSpec(
        image=_IMAGE, command=_script(_ERRORS), args=[place, version, run.path, page.path, _TOLD]
    )
