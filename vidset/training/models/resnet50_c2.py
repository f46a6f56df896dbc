"""ResNet50 up to `conv2_block3_out`, with the layers and names of Keras's."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from torch import Tensor, nn

from vidset.training.models.keras_rules import KerasBatchNorm

_WIDTH, _OUT = 64, 256


class _Block(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut."""

    def __init__(self, channels: int, batch_norm: Mapping[str, Any], *, projects: bool):
        super().__init__()

        def normal(width: int) -> nn.Module:
            return KerasBatchNorm(
                width, momentum=batch_norm["momentum"], epsilon=batch_norm["epsilon"]
            )

        self.shortcut = (
            nn.Sequential(nn.Conv2d(channels, _OUT, 1), normal(_OUT)) if projects else nn.Identity()
        )
        self.residual = nn.Sequential(
            nn.Conv2d(channels, _WIDTH, 1),
            normal(_WIDTH),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            normal(_WIDTH),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, _OUT, 1),
            normal(_OUT),
        )

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.relu(self.shortcut(x) + self.residual(x), inplace=True)


class ResNet50C2(nn.Module):
    """Prepared pictures (n, 3, 32, 32) in, logits (n, labels) out."""

    def __init__(self, labels: int, batch_norm: Mapping[str, Any]):
        super().__init__()
        self.conv1 = nn.Conv2d(3, _WIDTH, 7, stride=2, padding=3)
        self.conv1_bn = KerasBatchNorm(
            _WIDTH, momentum=batch_norm["momentum"], epsilon=batch_norm["epsilon"]
        )
        self.block1 = _Block(_WIDTH, batch_norm, projects=True)
        self.block2 = _Block(_OUT, batch_norm, projects=False)
        self.block3 = _Block(_OUT, batch_norm, projects=False)
        self.dense = nn.Linear(_OUT, labels)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.conv1_bn(self.conv1(x)), inplace=True)
        # Keras pads with zeros; behind a ReLU they are never more than what is there.
        x = nn.functional.max_pool2d(x, 3, stride=2, padding=1)
        x = self.block3(self.block2(self.block1(x)))
        return self.dense(x.mean(dim=(2, 3)))


def prepare(picture: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """A picture, (height, width, 3) uint8 RGB, as the network wants it: (32, 32, 3) float32.

    Resized like `image_dataset_from_directory` does, then in Keras's "caffe" way: BGR minus means.
    """
    size = rule["width"], rule["height"]
    # In float32 OpenCV interpolates exactly; in uint8 it would round.
    resized = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(resized[:, :, ::-1]) - np.array(rule["subtract"], np.float32)
