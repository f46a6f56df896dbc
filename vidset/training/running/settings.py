"""The settings that fix a run, and what run.json says of it.

With the same settings a run gives the same weights, bit for bit.
"""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.manifest import ID_DIGITS, Manifest
from vidset.training.models.registry import Model
from vidset.training.running.checking import Material


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one training run.

    Attributes:
        version: the id of the dataset version.
        splits: evaluated after each epoch; the first one selects the best epoch.
        select_by: the score of that split which does; None: the model's first.
    """

    model: str
    recipe_hash: str
    version: str
    seed: int
    epochs: int
    splits: tuple[str, ...]
    threads: int = 1
    device: str = "cpu"
    select_by: str | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise DatasetError(f"--epochs: wanted 1 or more, got {self.epochs}")
        if not 0 <= self.seed < 2**63:
            raise DatasetError(f"--seed: wanted 0 to 2^63 - 1, got {self.seed}")
        if self.device not in ("cpu", "cuda"):
            raise DatasetError(f"--device: wanted cpu or cuda, got {self.device!r}")
        if not self.splits or len(set(self.splits)) < len(self.splits):
            raise DatasetError(f"--splits: wanted each once, one at least, got {self.splits}")

    def refuse_other(self, run: Mapping[str, Any], folder: str) -> None:
        """Let a run go on only with the settings that it was started with.

        Raises:
            DatasetError: one differs; it says which, and how.
        """
        for name, value in asdict(self).items():
            wanted = list(value) if isinstance(value, tuple) else value
            if run.get(name) != wanted:
                raise DatasetError(
                    f"{folder} holds a run with {name} {run.get(name)!r}, asked for {wanted!r}: "
                    "the same settings go on with it, others need another --output"
                )


def describe_run(
    model: Model,
    settings: Settings,
    manifest: Manifest,
    material: Material,
    *,
    reference: str,
    transforms: list[Mapping[str, Any]],
    versions: Mapping[str, str],
) -> dict[str, Any]:
    """Return what run.json says when a run begins.

    The run's id derives from the settings: the same run has the same id anywhere.

    Args:
        reference: how the version was asked for.
        transforms: what was done to the version's images.
        versions: those of the libraries that train, by name.
    """
    fixed = {**asdict(settings), "splits": list(settings.splits)}
    if settings.select_by is None:  # So a run keeps the id that it has had before there was this.
        del fixed["select_by"]
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
            "vidset": version("vidset"),
            **versions,
        },
    }
