"""The sets that strategies of selection choose from: real numerals, drawn films, drawn shapes."""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.datasets.numerals import write_shapes
from tests.paths import SHARED
from vidset.datasets.curation.recipe import transform
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.demo.numerals import NUMERALS, draw_numeral
from vidset.embeddings.registry import open_embedder

ROMAN = SHARED / "roman" / "v0.tar"
_CROP = [
    {"step": "crop_to_content", "difference": 60, "speck": 0.05},
    {"step": "pad", "to": "square", "margin": 0.08},
]
_FILMS, _FILMS_HELD_OUT, _LONGEST_FILM = 400, 500, 40


@dataclass(frozen=True, slots=True)
class Set:
    """Images to choose from and to score on.

    Attributes:
        steps: of training, at every budget.
        least: the answer score from which a box counts when doubts are computed.
        moments: the video of each entry and its second; None: each has a video of its own.
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
    moments: Sequence[tuple[str, float]] | None = None


def roman() -> Set:
    """The roman numerals as first handed out, cropped to their ink; each different file once."""
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
    train, held_out = (sorted(sides[name].values(), key=_name) for name in ("train", "val"))
    return _numerals_of("Roman numerals", (50, 100, 200, 400, 800), train, held_out)


def _numerals_of(
    name: str,
    budgets: tuple[int, ...],
    train: Sequence[tuple[Entry, np.ndarray]],
    held_out: Sequence[tuple[Entry, np.ndarray]],
    moments: Sequence[tuple[str, float]] | None = None,
) -> Set:
    from vidset.training.models.registry import fixed_model

    learner = fixed_model("resnet50-c2-32").learner()
    embedder = open_embedder("classic")
    return Set(
        name=name,
        model="resnet50-c2-32",
        budgets=budgets,
        steps=400,
        entries=[entry for entry, _ in train],
        pictures=np.stack([learner.prepare(picture) for _, picture in train]),
        vectors=embedder.embed([picture for _, picture in train]).astype(np.float16),
        near=embedder.near,
        held_out=[entry for entry, _ in held_out],
        held_out_pictures=np.stack([learner.prepare(picture) for _, picture in held_out]),
        moments=moments,
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


def films() -> Set:
    """Drawn numerals, each filmed by hand for a while: an archive that repeats itself.

    The camera shakes and the light changes, so that images of one film differ by more than noise.
    A film gives 1 to 40 images, most of them few. To score on, there is one image of each of other
    films.
    """
    random = np.random.default_rng(5)
    entries: list[Entry] = []
    pictures: list[np.ndarray] = []
    moments: list[tuple[str, float]] = []
    for number in range(_FILMS + _FILMS_HELD_OUT):
        label = NUMERALS[number % len(NUMERALS)]
        drawn = draw_numeral(label, random)
        length = min(_LONGEST_FILM, 1 + int(1.5 * random.pareto(1.0)))
        for second in range(length if number < _FILMS else 1):
            picture = transform(_filmed(drawn, random), _CROP)
            name = f"film-{number:04d}/{second:02d}.png"
            entries.append(_entry(name, label, name.encode(), picture.shape))
            pictures.append(picture)
            moments.append((f"film-{number:04d}.mp4", float(second)))
    pairs = list(zip(entries, pictures, strict=True))
    return _numerals_of(
        "Filmed numerals",
        (25, 50, 100, 200, 400),
        pairs[:-_FILMS_HELD_OUT],
        pairs[-_FILMS_HELD_OUT:],
        moments[:-_FILMS_HELD_OUT],
    )


def _filmed(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return what a hand-held camera sees of a picture: moved, turned, nearer, darker, noisy."""
    height, width = picture.shape[:2]
    turned, zoom = float(random.normal(0, 1.5)), float(random.uniform(0.95, 1.05))
    change = cv2.getRotationMatrix2D((width / 2, height / 2), turned, zoom)
    change[:, 2] += random.normal(0, 0.015, 2) * (width, height)
    seen = cv2.warpAffine(picture, change, (width, height), borderMode=cv2.BORDER_REPLICATE)
    light = seen * random.uniform(0.9, 1.05) + random.normal(0, 5, seen.shape)
    return np.clip(light, 0, 255).astype(np.uint8)


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
        steps=200,
        entries=entries,
        pictures=np.stack([learner.prepare(each) for each in pictures]),
        vectors=embedder.embed(pictures).astype(np.float16),
        near=embedder.near,
        held_out=held_out,
        held_out_pictures=np.stack([learner.prepare(each) for each in held_out_pictures]),
    )
