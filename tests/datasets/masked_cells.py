"""Drawn cells with a mask each, for tests of models that find the pixels of objects."""

import cv2
import numpy as np

from tests.datasets.numerals import entry, write_version
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask

COLOURS = {"red cell": (200, 60, 70), "white cell": (120, 90, 180)}


def draw_cells(random: np.random.Generator) -> tuple[np.ndarray, list[dict]]:
    """On a light ground some cells, a mask each; they do not touch."""
    height, width = 128, 160
    picture = np.full((height, width, 3), (235, 215, 215), np.float32)
    taken, things = np.zeros((height, width), bool), []
    for _ in range(12):
        label = str(random.choice(list(COLOURS)))
        axes = (
            tuple(int(each) for each in random.integers(14, 20, 2))
            if label == "red cell"
            else tuple(int(each) for each in random.integers(22, 28, 2))
        )
        centre = int(random.integers(10, width - 10)), int(random.integers(10, height - 10))
        stencil = np.zeros((height, width), np.uint8)
        cv2.ellipse(stencil, centre, axes, 0, 0, 360, 1, -1)
        pixels = stencil > 0
        if (taken & pixels).any():
            continue
        taken |= cv2.dilate(stencil, np.ones((5, 5), np.uint8)) > 0
        picture[pixels] = np.array(COLOURS[label]) + random.normal(0, 8, 3)
        mask = Mask.of(pixels).to_document()
        said = {"id": str(len(things)), "label": label, "type": "mask", "mask": mask}
        things.append({**said, "attributes": {}})
    noise = random.normal(0, 5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), things


def write_masked_cells(repository: Repository, counts: dict[str, int]) -> str:
    """A version with so many pictures in each split; its id."""
    random = np.random.default_rng(0)
    entries = []
    for split, count in counts.items():
        for number in range(count):
            picture, things = draw_cells(random)
            entries.append(entry(repository, picture, f"{split}/{number}.png", split, None, things))
    return write_version(repository, entries)
