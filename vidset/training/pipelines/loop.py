"""The data-centric loop as a Kubeflow pipeline: Vertex AI runs it as it is."""

from pathlib import Path
from typing import cast

from kfp import compiler, dsl
from kfp.dsl.base_component import BaseComponent

from vidset.training.pipelines.components import apply_recipe, compare, errors, evaluate, train

SEEDS = (1, 2, 3)


def improve(image: str) -> BaseComponent:
    """The pipeline; its steps are containers of this image (docker/training), by its digest."""

    @dsl.pipeline(
        name="vidset-improve",
        description="Is the version that a recipe makes better than the one it is made of?",
    )
    def vidset_improve(
        place: str,
        baseline: str,
        recipe: str,
        model: str = "resnet50-c2-32",
        epochs: int = 15,
        floor: float = 0.6,
    ):
        """Train the fixed model on both versions, gate the candidate, compare, show its errors.

        Args:
            place: Where the dataset versions are: gs:// or s3://.
            baseline: A version there.
            recipe: The text of a recipe, YAML.
            model: A fixed model.
            epochs: Of each of the six runs.
            floor: The candidate's least accuracy.
        """
        made = apply_recipe(place=place, version=baseline, recipe=recipe)
        candidate = made.set_container_image(image).outputs["made"]
        runs = {}
        for side, version in ("baseline", baseline), ("candidate", candidate):
            for seed in SEEDS:
                task = train(place=place, version=version, model=model, seed=seed, epochs=epochs)
                task.set_container_image(image).set_display_name(f"train {side}, seed {seed}")
                runs[f"{side}_{seed}"] = task.outputs["run"]
        first = runs[f"candidate_{SEEDS[0]}"]
        scored = evaluate(place=place, version=candidate, run=first, floor=floor)
        scored.set_container_image(image)
        errors(place=place, version=candidate, run=first).set_container_image(image)
        compare(**runs).set_container_image(image)

    return cast(BaseComponent, vidset_improve)


def compile_pipeline(image: str, path: Path) -> None:
    """Write the pipeline's definition, YAML.

    Args:
        image: that has `vidset[train,gcp]`, named by its digest.

    Raises:
        ValueError: the image has no digest: what ran could not be told later.
    """
    if "@sha256:" not in image:
        raise ValueError(f"--image: wanted one by its digest, NAME@sha256:..., got {image!r}")
    compiler.Compiler().compile(improve(image), str(path))
