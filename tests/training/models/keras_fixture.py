"""What the Keras fixture is made of: pictures and weights that both sides draw by one rule.

NumPy never changes what a RandomState draws (NEP 19), so that only Keras's answers are stored.
"""

from pathlib import Path

import numpy as np

FIXTURE = Path(__file__).with_name("resnet50-c2-32-keras.npz")
LABELS, PICTURES, BATCH, STEPS = 10, 24, 8, 6


def pictures() -> list[np.ndarray]:
    """(h, w, 3) uint8 RGB of many sizes, smaller and larger than the input: blocks and noise."""
    random = np.random.RandomState(1)
    found = []
    for _ in range(PICTURES):
        height, width = random.randint(9, 90, size=2)
        blocks = random.randint(0, 256, size=(height // 8 + 1, width // 8 + 1, 3))
        large = np.kron(blocks, np.ones((8, 8, 1), int))[:height, :width]
        noise = random.randint(-20, 21, size=large.shape)
        found.append(np.clip(large + noise, 0, 255).astype(np.uint8))
    return found


def truths() -> np.ndarray:
    """The class of each picture."""
    return np.random.RandomState(2).randint(0, LABELS, size=PICTURES)


def weights(names: list[str], shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Of Keras's model, in the order of its `weights`, by what the arrays are called there."""
    random = np.random.RandomState(3)
    found = []
    for name, shape in zip(names, shapes, strict=True):
        drawn = random.uniform(-1, 1, size=shape)
        if name == "kernel":
            fan = np.prod(shape[:-1]) + np.prod(shape) / shape[-2]
            drawn *= np.sqrt(6 / fan)
        elif name in ("gamma", "moving_variance"):
            drawn = 1 + drawn / 2
        else:
            drawn /= 10
        found.append(drawn.astype(np.float32))
    return found
