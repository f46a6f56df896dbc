"""Masks in the file of a manifest: each once, as differences between columns, compressed.

In memory the text of an image's objects has its masks whole, and by that text versions have their
ids. In the file, `counts` is the number of a mask, and one row has all masks in one more column.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.objects import documents_in
from vidset.masks import MOST_PIXELS, Mask

_COLUMN, _BLOCKS = "objects", "masks"
_MARK = '"mask":{'
_CODEC, _LEVEL = "zstd", 19
_MOST_BYTES = 1 << 31


def pack_masks(table: pa.Table) -> pa.Table:
    """Return the table with numbers in the place of the masks, and these in one more column."""
    numbers: dict[Mask, int] = {}
    texts = [_packed(text, numbers) for text in table[_COLUMN].to_pylist()]
    if not numbers:
        return table
    place = table.schema.get_field_index(_COLUMN)
    packed = table.set_column(place, table.schema.field(place), pa.array(texts, pa.string()))
    blocks = [_block(list(numbers)), *[None] * (len(table) - 1)]
    return packed.append_column(_BLOCKS, pa.array(blocks, pa.binary()))


def unpack_masks(table: pa.Table) -> pa.Table:
    """Take back what `pack_masks` did; a table without masks is returned as it is.

    Raises:
        ValueError: the block of masks is damaged, or a number in it is missing.
    """
    if _BLOCKS not in table.column_names:
        return table
    masks = [mask for block in table[_BLOCKS].drop_null() for mask in _masks(block.as_py())]
    table = table.drop_columns([_BLOCKS])
    texts = [_unpacked(text, masks) for text in table[_COLUMN].to_pylist()]
    place = table.schema.get_field_index(_COLUMN)
    return table.set_column(place, table.schema.field(place), pa.array(texts, pa.string()))


def _packed(text: str | None, numbers: dict[Mask, int]) -> str | None:
    if text is None or _MARK not in text:
        return text
    objects = documents_in(text)
    if to_json(objects) != text:  # It would not come back as it was.
        return text
    for thing in objects:
        said = thing.get("mask")
        if not isinstance(said, dict) or not isinstance(said.get("counts"), str):
            continue
        mask = Mask.from_document(said)
        if mask.to_document() == said:
            said["counts"] = numbers.setdefault(mask, len(numbers))
    return to_json(objects)


def _unpacked(text: str | None, masks: list[Mask]) -> str | None:
    if text is None or _MARK not in text:
        return text
    objects = documents_in(text)
    for thing in objects:
        said = thing.get("mask")
        if isinstance(said, dict) and isinstance(said.get("counts"), int):
            if not 0 <= said["counts"] < len(masks):
                raise ValueError(f"wanted one of {len(masks)} masks, got number {said['counts']}")
            said["counts"] = masks[said["counts"]].counts
    return to_json(objects)


def _block(masks: list[Mask]) -> bytes:
    """Heights, widths and numbers of runs; then where runs outside end, and where those inside."""
    heads, outside, inside = [], [], []
    for mask in masks:
        runs = mask.runs()
        heads.append((mask.height, mask.width, len(runs)))
        end = np.cumsum(runs)
        # A run ends about as far down as the one of its kind before it, one column further on.
        end[2:] -= np.cumsum(runs)[:-2] + mask.height
        outside.append(end[::2])
        inside.append(end[1::2])
    numbers = np.concatenate([np.array(heads, np.int64).ravel(), *outside, *inside])
    # Signs go last, so that small numbers are small, and each byte stands among its like.
    unsigned = ((numbers << 1) ^ (numbers >> 63)).astype("<u4")
    planes = np.ascontiguousarray(unsigned.view(np.uint8).reshape(-1, 4).T).tobytes()
    packed = pa.Codec(_CODEC, compression_level=_LEVEL).compress(planes, asbytes=True)
    return len(masks).to_bytes(8, "little") + len(planes).to_bytes(8, "little") + packed


def _masks(block: bytes) -> Iterator[Mask]:
    number, size = int.from_bytes(block[:8], "little"), int.from_bytes(block[8:16], "little")
    if size > _MOST_BYTES or size % 4 or number * 12 > size:
        raise ValueError(f"wanted a block of masks, got one of {size:,} bytes for {number:,} masks")
    try:
        planes = pa.Codec(_CODEC).decompress(block[16:], size, asbytes=True)
    except OSError as error:
        raise ValueError(f"wanted a block of masks: {error}") from None
    unsigned = np.frombuffer(planes, np.uint8).reshape(4, -1).T.copy().view("<u4").ravel()
    numbers = unsigned.astype(np.int64)
    numbers = (numbers >> 1) ^ -(numbers & 1)
    heads = numbers[: number * 3].reshape(-1, 3)
    counts = heads[:, 2]
    if (counts < 0).any() or number * 3 + counts.sum() != len(numbers):
        raise ValueError(f"wanted a block of {number:,} masks, got {len(numbers):,} numbers")
    at = [number * 3, number * 3 + int(((counts + 1) // 2).sum())]
    for height, width, count in heads.tolist():
        end = np.zeros(count, np.int64)
        for parity in (0, 1):
            half = end[parity::2]
            half[:] = numbers[at[parity] : at[parity] + len(half)]
            at[parity] += len(half)
        if not 0 < height * width <= MOST_PIXELS:
            raise ValueError(f"wanted a block of masks, got a mask of {width} x {height}")
        end[2:] += height
        end[::2] = np.cumsum(end[::2])
        end[1::2] = np.cumsum(end[1::2])
        yield Mask.of_runs(width, height, np.diff(end, prepend=0))
