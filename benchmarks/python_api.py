"""`vidset.dataset(...).torch()` beside a bare loop over the same files: images a CPU second."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from tests.datasets.numerals import entry, write_version
from vidset.datasets.reading.dataset import Dataset
from vidset.datasets.reading.stored import open_stored
from vidset.datasets.versions.repository import Repository

_SIZES = ((320, 180), (1280, 720))
_IMAGES, _ROUNDS = 40, 15


def run(_: list[Path]) -> None:
    cv2.setNumThreads(1)
    print(
        "\n| pictures | a bare loop, images/s | `.torch()`, images/s | of it |\n|---|---|---|---|"
    )
    for size in _SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            bare, ours = measure(Path(scratch), size)
        print(
            f"| {size[0]} x {size[1]} PNG | {bare:,.0f} | {ours:,.0f} | {ours / bare:.2f} |",
            flush=True,
        )


def measure(scratch: Path, size: tuple[int, int]) -> tuple[float, float]:
    """Return images a CPU second: of the bare loop, and of ours. Rounds of both take turns."""
    repository = Repository(scratch / "datasets")
    random = np.random.default_rng(0)
    entries = []
    for number in range(_IMAGES):
        blocks = random.integers(0, 256, (size[1] // 20, size[0] // 20, 3), dtype=np.uint8)
        picture = cv2.resize(blocks, size, interpolation=cv2.INTER_LINEAR)
        entries.append(entry(repository, picture, f"train/{number}.png", "train", str(number % 2)))
    dataset = Dataset(open_stored(repository, write_version(repository, entries)))
    images = dataset.torch("train")
    paths = [repository.image_path(e.image_sha256, e.image_format) for e in dataset.entries()]
    labels = [int(e.label or "0") for e in dataset.entries()]

    def ours() -> None:
        for place in range(len(images)):
            images[place]

    costs = [(_cost(lambda: _bare(paths, labels)), _cost(ours)) for _ in range(_ROUNDS)]
    return _IMAGES / min(bare for bare, _ in costs), _IMAGES / min(own for _, own in costs)


def _bare(paths: list[Path], labels: list[int]) -> list[int]:
    import torch

    found = []
    for path, label in zip(paths, labels, strict=True):
        read = cv2.imread(str(path))
        if read is None:
            raise RuntimeError(f"{path} is no picture")
        picture = cv2.cvtColor(read, cv2.COLOR_BGR2RGB)
        torch.from_numpy(picture).permute(2, 0, 1)
        found.append(label)
    return found


def _cost(function: Callable[[], object]) -> float:
    began = time.process_time()
    function()
    return time.process_time() - began
