import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.masks import Mask
from vidset.outlines import filled


def entry(number: int, *masks: Mask) -> Entry:
    things = [
        {"id": str(n), "label": "car", "type": "mask", "box": None, "mask": mask.to_document()}
        for n, mask in enumerate(masks)
    ]
    sha, name = f"{number:064x}", f"{number}.jpg"
    return Entry(
        sha, name, "jpeg", 1280, 720, None, to_json(things), "g", "train", sha, source="coco"
    )


def blots(number: int) -> list[Mask]:
    """Filled polygons of 20 to 60 corners, 64 to 256 px wide."""
    random = np.random.default_rng(4)
    found = []
    for _ in range(number):
        turns = np.sort(random.random(random.integers(20, 61))) * 2 * np.pi
        width, height = random.integers(64, 257, 2)
        x, y = random.random(2) * [1280 - width, 720 - height]
        reach = 0.85 + 0.15 * random.random(len(turns))
        xs = x + width / 2 * (1 + np.cos(turns) * reach)
        ys = y + height / 2 * (1 + np.sin(turns) * reach)
        points = tuple(zip(xs.tolist(), ys.tolist(), strict=True))
        found.append(Mask.of(filled([(points, False)], 1280, 720)))
    return found


def edge_cases() -> list[Mask]:
    pictures = [np.zeros((3, 4)), np.ones((3, 4)), np.eye(5, 9), np.eye(1, 1)]
    return [Mask.of(picture) for picture in pictures]


def test_masks_come_back_from_the_file_and_the_id_stays():
    masks = [*blots(20), *edge_cases()]
    manifest = Manifest.of([entry(1, *masks[:7]), entry(2), entry(3, *masks)])
    back = Manifest.from_parquet(manifest.to_parquet())
    assert back.table.equals(manifest.table)
    assert back.id == manifest.id


def test_a_mask_of_many_images_is_stored_once_and_in_fewer_than_200_bytes():
    masks = blots(100)
    without = len(Manifest.of([entry(number) for number in range(100)]).to_parquet())
    once = len(Manifest.of([entry(n, mask) for n, mask in enumerate(masks)]).to_parquet())
    twice = [entry(n, masks[n], masks[n - 1]) for n in range(100)]
    assert (once - without) / 100 <= 200
    assert len(Manifest.of(twice).to_parquet()) - once < (once - without) / 4


def test_a_manifest_without_masks_has_no_column_for_them(tmp_path):
    file = tmp_path / "manifest.parquet"
    file.write_bytes(Manifest.of([entry(1)]).to_parquet())
    assert "masks" not in pq.read_schema(file).names


@pytest.mark.parametrize(
    "block", [b"", b"\xff" * 40, (1).to_bytes(8, "little") + (400).to_bytes(8, "little") + b"x"]
)
def test_a_damaged_block_is_refused(block):
    table = pq.read_table(pa.BufferReader(Manifest.of([entry(1, *edge_cases())]).to_parquet()))
    damaged = table.set_column(
        table.schema.get_field_index("masks"), "masks", pa.array([block], pa.binary())
    )
    out = pa.BufferOutputStream()
    pq.write_table(damaged, out)
    with pytest.raises(ValueError, match=r"wanted (a block of|one of 0) "):
        Manifest.from_parquet(out.getvalue().to_pybytes())
