"""Objects as points: heat maps of objects' centres, with size and offset. arXiv 1904.07850."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn


class Output(NamedTuple):
    """The network's output for a batch, on a grid of cells of `stride` pixels.

    Attributes:
        heat: (n, labels, h, w) logits.
        size: (n, 2, h, w) width and height in cells.
        offset: (n, 2, h, w) of the centre from its cell's corner, x and y in cells.
    """

    heat: Tensor
    size: Tensor
    offset: Tensor


class CenterNet(nn.Module):
    """(n, 3, h, w) pictures in, sides multiples of 32; an Output of a quarter of their size."""

    def __init__(self, labels: int, architecture: Mapping[str, Any]):
        super().__init__()
        rule = architecture["batch_norm"]
        widths, ups = architecture["widths"], architecture["up_widths"]

        def normal(width: int) -> nn.Module:
            return nn.BatchNorm2d(width, eps=rule["epsilon"], momentum=1 - rule["momentum"])

        self.stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False),
            normal(widths[0]),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.ModuleList()
        before = widths[0]
        for place, width in enumerate(widths):
            first = _Block(before, width, 1 if place == 0 else 2, normal)
            self.stages.append(nn.Sequential(first, _Block(width, width, 1, normal)))
            before = width
        self.ups, self.laterals = nn.ModuleList(), nn.ModuleList()
        for width, lateral in zip(ups, reversed(widths[:-1]), strict=True):
            self.ups.append(
                nn.Sequential(
                    nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=False),
                    normal(width),
                    nn.ReLU(inplace=True),
                )
            )
            self.laterals.append(nn.Conv2d(lateral, width, 1))
            before = width

        def head(channels: int) -> nn.Sequential:
            width = architecture["head_width"]
            return nn.Sequential(
                nn.Conv2d(before, width, 3, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(width, channels, 1),
            )

        self.heat, self.size, self.offset = head(labels), head(2), head(2)

    def forward(self, x: Tensor) -> Output:
        x = self.stem(x)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        for up, lateral, level in zip(self.ups, self.laterals, reversed(levels[:-1]), strict=True):
            x = up(x) + lateral(level)
        return Output(self.heat(x), self.size(x), self.offset(x))


class _Block(nn.Module):
    """ResNet-18's: two 3x3 convolutions beside a shortcut. arXiv 1512.03385."""

    def __init__(self, channels: int, width: int, stride: int, normal: Any):
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False),
            normal(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            normal(width),
        )
        same = channels == width and stride == 1
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.Conv2d(channels, width, 1, stride=stride, bias=False), normal(width)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.shortcut(x) + self.residual(x), inplace=True)


def initialize(network: CenterNet, rule: Mapping[str, Any], generator: torch.Generator) -> None:
    """Draws initial weights as the recipe says, in the order of the network's modules."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu", generator=generator
                )
                if module.bias is not None:
                    module.bias.zero_()
        for head in ("heat", "size", "offset"):
            last = network.get_parameter(f"{head}.2.weight")
            last.normal_(0, rule["last_layer_deviation"], generator=generator)
        network.get_parameter("heat.2.bias").fill_(rule["heat_bias"])
