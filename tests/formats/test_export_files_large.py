"""Many large images: memory, and how they are divided into files."""

import tracemalloc
from pathlib import Path

import pytest

from tests.chaos.counts import but
from tests.cli.exports import FIRST, PERSON, make_labeled, write_annotations
from vidset.formats.export import export_files
from vidset.formats.registry import formats, names_of_writable
from vidset.labeling.task import Image
from vidset.place import Place

# Images are copied as for `coco`: by the same function.
COPIED = {"csv", "cvat", "datumaro", "fiftyone", "label-studio", "labelme", "voc", "yolo"}


def big_images(out: Path, number: int, size: int) -> Place:
    """Images that are one picture, with some bytes behind it."""
    make_labeled(out, {})
    data = (out / "images" / FIRST).read_bytes()
    labeled = []
    for n in range(number):
        path = out / "images" / "big" / f"{n}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + n.to_bytes(4, "big") * ((size - len(data)) // 4))
        labeled.append((Image(f"{n:032}", str(path), 64, 48), (PERSON,), "labeled"))
    write_annotations(out / "labels.sqlite", labeled)
    return Place.of(str(out))


@pytest.fixture(scope="module")
def place_of_200_mb(tmp_path_factory) -> Place:
    return big_images(tmp_path_factory.mktemp("large") / "out", 200, 1_000_000)


@pytest.mark.parametrize(
    "name",
    but(COPIED, (name for name in names_of_writable() if "box" in formats()[name].writes)),
)
def test_memory_does_not_grow_with_the_images(place_of_200_mb, tmp_path, name):
    place = place_of_200_mb
    tracemalloc.start()
    try:
        export_files(name, place, str(tmp_path / "export"), shard_mb=512)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80e6  # Of 200 MB: what is read ahead, and a row group.


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "webdataset"])
def test_files_hold_images_of_so_many_megabytes(tmp_path, name):
    place = big_images(tmp_path / "out", 5, 400_000)
    export_files(name, place, str(tmp_path / "export"), shard_mb=1)
    files = sorted(
        path.relative_to(tmp_path / "export").as_posix()
        for path in (tmp_path / "export").rglob(f"*{'tar' if name == 'webdataset' else name}")
    )
    assert (
        files
        == {
            "parquet": [f"data/train-0000{n}-of-00003.parquet" for n in range(3)],
            "tfrecord": [f"images-0000{n}-of-00003.tfrecord" for n in range(3)],
            "webdataset": [f"images-00000{n}.tar" for n in range(3)],
        }[name]
    )
