"""A file of weights that a network begins with. Its hash becomes part of the recipe."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError  # nosec B403
from typing import Any, Protocol, Self, cast

import torch
from torch import nn

from vidset.datasets.errors import DatasetError
from vidset.regular_files import read_regular
from vidset.training.models.learner import Learner

_MOST_BYTES = 1 << 31


# What PyTorch raises of files that are cut off, of something else, or hold more than weights.
_DAMAGED = (
    *(UnpicklingError, RuntimeError, EOFError, OSError, ValueError),
    *(KeyError, TypeError, AttributeError, IndexError),
)


class _TakesWeights(Protocol):
    def load_weights(self, network: nn.Module, state: Mapping[str, Any], name: str) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class InitialWeights:
    """A state dict, with the file that it is from and the SHA-256 of its bytes."""

    path: Path
    sha256: str
    state: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what torch.save wrote of a state dict. Nothing in the file is run.

        Raises:
            DatasetError: it is no such file.
        """
        try:
            data = read_regular(path, _MOST_BYTES)
        except OSError as error:
            raise DatasetError(f"--weights {path}: {error.strerror}") from None
        try:
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except _DAMAGED as error:
            raise DatasetError(
                f"--weights {path}: wanted a state dict by torch.save: {type(error).__name__}"
            ) from None
        if not isinstance(state, Mapping):
            got = type(state).__name__
            raise DatasetError(f"--weights {path}: wanted a state dict by torch.save, got a {got}")
        return cls(path, hashlib.sha256(data).hexdigest(), state)

    def load_into(self, learner: Learner, network: nn.Module) -> None:
        """Load them into a network of a model that takes weights.

        Raises:
            DatasetError: they are of another network.
        """
        cast(_TakesWeights, learner).load_weights(network, self.state, f"--weights {self.path}")
