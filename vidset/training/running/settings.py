"""What fixes a run: with the same settings it gives the same weights, bit for bit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vidset.datasets.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one training run.

    Attributes:
        version: the id of the dataset version.
        splits: evaluated after each epoch; the first one selects the best epoch.
    """

    model: str
    recipe_hash: str
    version: str
    seed: int
    epochs: int
    splits: tuple[str, ...]
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise DatasetError(f"--epochs: wanted 1 or more, got {self.epochs}")
        if not 0 <= self.seed < 2**63:
            raise DatasetError(f"--seed: wanted 0 to 2^63 - 1, got {self.seed}")
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
