"""The sets of images that strategies of selection choose from: real numerals and drawn shapes."""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.datasets.numerals import write_shapes
from tests.paths import SHARED
from vidset.datasets.curation.recipe import transform
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.embeddings.registry import open_embedder

ROMAN = SHARED / "roman" / "v0.tar"
_CROP = [
    {"step": "crop_to_content", "difference": 60, "speck": 0.05},
    {"step": "pad", "to": "square", "margin": 0.08},
]


@dataclass(frozen=True, slots=True)
class Set:
    """Images to choose from and to score on.

    Attributes:
        steps: of training, at every budget.
        least: the answer score from which a box counts when doubts are computed.
    """

    name: str
    model: str
    budgets: tuple[int, ...]
    steps: int
    entries: Sequence[Entry]
    pictures: np.ndarray
    vectors: np.ndarray
    near: float
    held_out: Sequence[Entry]
    held_out_pictures: np.ndarray
    least: float = 0.3


def roman() -> Set:
    """The roman numerals as first handed out, cropped to their ink; each different file once."""
    from vidset.training.models.registry import fixed_model

    learner = fixed_model("resnet50-c2-32").learner()
    sides: dict[str, dict[str, tuple[Entry, np.ndarray]]] = {"train": {}, "val": {}}
    with tarfile.open(ROMAN) as tar:
        for member in tar:
            parts = member.name.split("/")
            if len(parts) == 3 and parts[0] in sides and member.isfile():
                file = tar.extractfile(member)
                data = file.read() if file else b""
                picture = transform(decode(data, member.name), _CROP)
                entry = _entry(member.name, parts[1], data, picture.shape)
                sides[parts[0]].setdefault(entry.image_sha256, (entry, picture))
    for twin in sides["val"]:
        sides["train"].pop(twin, None)
    embedder = open_embedder("classic")
    train, held_out = (sorted(sides[name].values(), key=_name) for name in ("train", "val"))
    return Set(
        name="Roman numerals",
        model="resnet50-c2-32",
        budgets=(50, 100, 200, 400, 800),
        steps=400,
        entries=[entry for entry, _ in train],
        pictures=np.stack([learner.prepare(picture) for _, picture in train]),
        vectors=embedder.embed([picture for _, picture in train]).astype(np.float16),
        near=embedder.near,
        held_out=[entry for entry, _ in held_out],
        held_out_pictures=np.stack([learner.prepare(picture) for _, picture in held_out]),
    )


def _name(pair: tuple[Entry, np.ndarray]) -> str:
    return pair[0].image_sha256


def _entry(name: str, label: str, data: bytes, shape: tuple[int, ...]) -> Entry:
    digest = hashlib.sha256(data).hexdigest()
    return Entry(
        image_sha256=digest,
        image_uri=name,
        image_format="png",
        width=shape[1],
        height=shape[0],
        label=label,
        objects=None,
        group=digest,
        split="train",
        origin=digest,
        source="folder",
    )


def shapes(scratch: Path) -> Set:
    from vidset.training.models.registry import fixed_model

    learner = fixed_model("centernet-r18-256").learner()
    repository = Repository(scratch / "datasets")
    manifest = repository.manifest(write_shapes(repository, {"train": 400, "validation": 100}))
    embedder = open_embedder("classic")

    def side(split: str) -> tuple[list[Entry], list[np.ndarray]]:
        entries = list(manifest.split(split))
        return entries, [decode(repository.read_image(each), each.image_uri) for each in entries]

    (entries, pictures), (held_out, held_out_pictures) = side("train"), side("validation")
    return Set(
        name="Drawn shapes",
        model="centernet-r18-256",
        budgets=(10, 20, 40, 80, 160),
        steps=60,
        entries=entries,
        pictures=np.stack([learner.prepare(each) for each in pictures]),
        vectors=embedder.embed(pictures).astype(np.float16),
        near=embedder.near,
        held_out=held_out,
        held_out_pictures=np.stack([learner.prepare(each) for each in held_out_pictures]),
    )
