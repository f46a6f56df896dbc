"""Damaged files give an error with their file and place, or all that they say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.formats.mutations import COUNTED, mutated
from tests.formats.round_trips import dataset
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import Format, format_named, formats

_NAMES = [name for name, each in formats().items() if each.reads and each.writes and each.images]
_SEEDS = 12  # Datasets, of which each is damaged in many ways.


def pieces(labels: list[ImageLabels], format_name: str) -> int:
    """Count shapes as the files have them: most formats have one for each ring."""
    objects = [item for each in labels for item in each.objects]
    if format_name == "voc":  # Its words on images stand in other files.
        objects = [item for item in objects if item.box]
    if format_name in ("coco", "yolo", "voc"):
        return len(objects)
    return sum(max(1, len(item.rings or ())) for item in objects)


def read_damaged(named: Format, place: Path, sizes: dict[str, tuple[int, int]]) -> str:
    """Read and check. Returns what came of it."""

    def size_of(name: str) -> tuple[int, int]:
        if name not in sizes:
            raise ValueError(f"{place}: no image {name!r}")
        return sizes[name]

    reading = Reading(size_of if named.needs_sizes else None, lossy=True, collects=True)
    try:
        labels = list(named.read(place, reading))
    except ValueError as error:
        assert str(place) in str(error)  # noqa: PT017
        return "refused"
    assert all(str(place) in fault for fault in reading.faults)
    if reading.faults:
        return "faults"
    if named.name in COUNTED and not reading.dropped:
        files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
        assert pieces(labels, named.name) == COUNTED[named.name](files)
    return "read"


def in_words_of(format_name: str, said: list[ImageLabels]) -> list[ImageLabels]:
    """Rename labels where a layout has its own and no others."""
    if format_name not in ("bdd100k", "cityscapes"):
        return said
    names = {"Ampel ü": "traffic light", "a b": "person"}
    return [
        replace(
            each,
            objects=tuple(replace(i, label=names.get(i.label, i.label)) for i in each.objects),
        )
        for each in said
    ]


def damage(named: Format, folder: Path, count: int) -> set[str]:
    outcomes = set()
    for seed in range(min(count, _SEEDS)):
        place = folder / (f"{seed}.x" if named.labels == "file" else str(seed))
        said = in_words_of(named.name, dataset(seed))
        named.writer().write(said, place, lossy=True)
        files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
        whole = {file: file.read_bytes() for file in files}
        sizes = {each.image_name: (each.width or 0, each.height or 0) for each in said}
        for number in range(seed, count, _SEEDS):
            random = np.random.default_rng(number)
            file = files[random.integers(len(files))]
            file.write_bytes(mutated(whole[file], random))
            outcomes.add(read_damaged(named, place, sizes))
            file.write_bytes(whole[file])
    return outcomes


@pytest.mark.parametrize("name", _NAMES)
def test_damaged_files_are_named_or_read_whole(name, tmp_path):
    assert damage(format_named(name), tmp_path, 50) >= {"read"}


@pytest.mark.chaos
@pytest.mark.parametrize("name", _NAMES)
def test_a_thousand_damaged_files_are_named_or_read_whole(name, tmp_path):
    outcomes = damage(format_named(name), tmp_path, 1000)
    assert "read" in outcomes
    assert outcomes & {"refused", "faults"}  # labelme's are files on their own: none is the whole.
