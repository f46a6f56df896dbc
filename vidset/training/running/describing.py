"""What run.json says of a run when it begins."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import torch

from vidset.datasets.versions.entry import to_json
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.manifest import ID_DIGITS, Manifest
from vidset.training.models.registry import FixedModel
from vidset.training.running.checking import Material
from vidset.training.running.settings import Settings


def describe_run(
    model: FixedModel,
    settings: Settings,
    manifest: Manifest,
    material: Material,
    *,
    reference: str,
    transforms: list[Mapping[str, Any]],
) -> dict[str, Any]:
    """Its id derives from the settings: the same run has the same id anywhere.

    Args:
        reference: how the version was asked for.
        transforms: that its images have had.
    """
    fixed = {**asdict(settings), "splits": list(settings.splits)}
    return {
        "run_id": hashlib.sha256(to_json(fixed).encode()).hexdigest()[:ID_DIGITS],
        **fixed,
        "task": model.task,
        "recipe": dict(model.recipe),
        "reference": reference,
        "transforms": transforms,
        "classes": list(material.classes),
        "evaluation_ids": {
            name: evaluation_id(manifest.split(name)) for name in material.evaluation
        },
        "train_images": len(material.train),
        "best_epoch": None,
        "state": "running",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "vidset": version("vidset"),
        },
    }
