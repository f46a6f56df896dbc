"""Keras's rules where PyTorch's differ: batch normalization, Adam, initial weights."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vidset.training.models.optimizers import Adam


class KerasBatchNorm(nn.BatchNorm2d):
    """Batch normalization whose moving variance is that of the batch, biased, as in Keras 3.

    Args:
        momentum: Keras's: the share of the old value that stays.
    """

    def __init__(self, channels: int, *, momentum: float, epsilon: float):
        self._share = 1 - momentum
        super().__init__(channels, eps=epsilon, momentum=self._share)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  As in the class above.
        if not self.training:
            return super().forward(input)
        mean, variance = torch.zeros_like(self.weight), torch.zeros_like(self.weight)
        # With a momentum of 1 it leaves the batch's own mean and unbiased variance there.
        normalized = nn.functional.batch_norm(
            input, mean, variance, self.weight, self.bias, training=True, momentum=1, eps=self.eps
        )
        count = input.numel() / input.shape[1]
        with torch.no_grad():
            _follow(self.running_mean, mean, self._share)
            _follow(self.running_var, variance * ((count - 1) / count), self._share)
        return normalized


def _follow(old: Tensor | None, new: Tensor, share: float) -> None:
    if old is not None:
        old.lerp_(new, share)


class KerasAdam(Adam):
    """Adam as Keras computes it: epsilon is added to the root of the uncorrected second moment.

    PyTorch adds it to the corrected one: its epsilon must shrink as the correction does.
    """

    def __init__(self, parameters: Any, settings: Mapping[str, Any]):
        self._epsilon = settings["epsilon"]
        betas = settings["beta_1"], settings["beta_2"]
        super().__init__(parameters, lr=settings["learning_rate"], betas=betas, fused=True)

    def step(self, closure: Any = None) -> Any:
        steps = 1 + max((int(state["step"]) for state in self.state.values()), default=0)
        for group in self.param_groups:
            group["eps"] = self._epsilon / math.sqrt(1 - group["betas"][1] ** steps)
        return super().step(closure)


def initialize(network: nn.Module, generator: torch.Generator) -> None:
    """Glorot uniform kernels and zero biases, drawn in the order of the network's modules."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
