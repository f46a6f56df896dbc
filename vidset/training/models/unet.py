"""U-Net on ResNet-18: a label for each pixel. arXiv 1505.04597 and 1512.03385."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vidset.datasets.errors import DatasetError

_MULTIPLE = 32


class UNet(nn.Module):
    """(n, 3, h, w) pictures in, (n, labels, h, w) logits out, for any h and w.

    `encoder` has the names and shapes of torchvision's ResNet-18 without its last layer.
    """

    def __init__(self, labels: int, architecture: Mapping[str, Any]):
        super().__init__()
        rule, widths = architecture["batch_norm"], architecture["widths"]

        def normal(width: int) -> nn.Module:
            return nn.BatchNorm2d(width, eps=rule["epsilon"], momentum=1 - rule["momentum"])

        self.encoder = _Encoder(widths, normal)
        self.ups = nn.ModuleList()
        before = widths[-1]
        beside = [*reversed(widths[:-1]), widths[0]]
        for width, level in zip(architecture["up_widths"], beside, strict=True):
            self.ups.append(
                nn.Sequential(
                    nn.Conv2d(before + level, width, 3, padding=1, bias=False),
                    normal(width),
                    nn.ReLU(inplace=True),
                    nn.Conv2d(width, width, 3, padding=1, bias=False),
                    normal(width),
                    nn.ReLU(inplace=True),
                )
            )
            before = width
        self.last = nn.ConvTranspose2d(before, labels, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = nn.functional.pad(x, (0, -width % _MULTIPLE, 0, -height % _MULTIPLE))
        *levels, x = self.encoder(x)
        for up, level in zip(self.ups, reversed(levels), strict=True):
            x = up(torch.cat([nn.functional.interpolate(x, scale_factor=2.0), level], dim=1))
        return self.last(x)[:, :, :height, :width]


class _Encoder(nn.Module):
    """The levels of ResNet-18, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's size."""

    def __init__(self, widths: list[int], normal: Any):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = normal(widths[0])
        before = widths[0]
        for place, width in enumerate(widths, 1):
            first = _Block(before, width, 1 if place == 1 else 2, normal)
            self.add_module(f"layer{place}", nn.Sequential(first, _Block(width, width, 1, normal)))
            before = width
        self._stages = len(widths)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = nn.functional.relu(self.bn1(self.conv1(x)), inplace=True)
        levels = [x]
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)
        for place in range(1, self._stages + 1):
            x = self.get_submodule(f"layer{place}")(x)
            levels.append(x)
        return levels


class _Block(nn.Module):
    """ResNet-18's: two 3x3 convolutions beside a shortcut."""

    def __init__(self, channels: int, width: int, stride: int, normal: Any):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = normal(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = normal(width)
        self.downsample = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride=stride, bias=False), normal(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return nn.functional.relu(y + (x if self.downsample is None else self.downsample(x)))


def initialize(network: UNet, generator: torch.Generator) -> None:
    """Draws initial weights as the recipe says, in the order of the network's modules."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu", generator=generator
                )
                if module.bias is not None:
                    module.bias.zero_()


def load_encoder(network: UNet, state: Mapping[str, Any], name: str) -> None:
    """Take the encoder's weights from torchvision's ResNet-18.

    Args:
        state: its state dict, by torchvision's keys. The last layer, `fc`, is left out.

    Raises:
        DatasetError: it is of another network; with `name` and the first key that is wrong.
    """
    wanted = network.encoder.state_dict()
    given = {key: value for key, value in state.items() if not key.startswith("fc.")}
    counted = {key for key in wanted if key.endswith("num_batches_tracked")}
    for key in sorted((set(wanted) - counted) ^ (set(given) - counted)):
        which = "no" if key in wanted else "an unknown"
        raise DatasetError(f"{name}: wanted the state dict of ResNet-18, it has {which} {key}")
    for key, value in given.items():
        shape = tuple(wanted[key].shape)
        if not isinstance(value, Tensor) or tuple(value.shape) != shape:
            got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
            raise DatasetError(f"{name}: wanted {key} of shape {shape}, got {got}")
    network.encoder.load_state_dict({**wanted, **given})
