"""The reading of Parquet with images in it; see `vidset.formats.parquet`.

Beside what vidset writes, this takes the layout of Hugging Face's image classification: `image`
with `bytes` and `path`, and `label`, a text or the number of a ClassLabel.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of
from vidset.formats.reading import Reading, image_size, told_name
from vidset.formats.sample_reading import (
    MOST_BYTES,
    ReadSample,
    id_of,
    objects_in,
    sample_files,
    uri_of,
)
from vidset.json_files import parse_json
from vidset.labeling.annotation import LabeledObject
from vidset.parquet import open_parquet
from vidset.picture_headers import told_size
from vidset.rights import FIELDS

NAMES = re.compile(r"\.parquet$", re.IGNORECASE)
_WHAT = "Parquet files with images"
_OURS = (
    *("image", "image_id", "image_uri", "width", "height", "objects", "annotator", "updated_at"),
    *("revision", "video_uri", "pts_seconds", "collector_id", *FIELDS),
)
_LABEL = "label"


def read_samples(path: Path, reading: Reading) -> Iterator[ReadSample]:
    """See `vidset.formats.sample_reading.SampleReader`."""
    for file, split in sample_files(path, NAMES, _WHAT):
        with reading.part():
            yield from _read_file(file, split, reading)


def _read_file(path: Path, split: str | None, reading: Reading) -> Iterator[ReadSample]:
    row = 0
    try:
        with open_parquet(path, has_lists=True) as opened:
            schema = opened.file.schema_arrow
            columns = _columns(schema, path, reading)
            names = _class_names(schema, path) if _LABEL in columns else ()
            for group in range(opened.file.num_row_groups):
                table = opened.read_row_group(group, columns)
                for number in range(table.num_rows):
                    values = {name: table[name][number].as_py() for name in columns}
                    place = f"{path}: row {row}"
                    yield from reading.whole(
                        lambda values=values, place=place: _sample(values, names, split, place)
                    )
                    row += 1
    except FileNotFoundError:
        raise ValueError(f"{path}: wanted {_WHAT}, got nothing") from None
    except pa.ArrowException as error:
        raise ValueError(f"{path}: wanted {_WHAT}: {error}") from None


def _columns(schema: pa.Schema, path: Path, reading: Reading) -> list[str]:
    """The columns to read; others are counted.

    Raises:
        ValueError: there are no images, or no labels that can be understood.
    """
    image = schema.field("image").type if "image" in schema.names else None
    if image is None or not pa.types.is_struct(image) or image.get_field_index("bytes") < 0:
        raise ValueError(
            f"{path}: wanted a column `image` with bytes and path, got the columns "
            f"{', '.join(schema.names)[:200]}"
        )
    is_ours = {"image_id", "objects"} <= set(schema.names)
    known = _OURS if is_ours else ("image", _LABEL)
    if not is_ours and _LABEL not in schema.names:
        raise ValueError(
            f"{path}: wanted a column `objects` as vidset writes it, or a column `label`, got "
            f"{', '.join(schema.names)[:200]}"
        )
    for name in schema.names:
        if name not in known:
            reading.leave_out(f"columns {name[:80]}")
    return [name for name in known if name in schema.names]


def _class_names(schema: pa.Schema, path: Path) -> Sequence[str]:
    """The names of a ClassLabel, which Hugging Face keeps beside the schema; none for texts."""
    kind = schema.field(_LABEL).type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return ()
    told = (schema.metadata or {}).get(b"huggingface", b"{}")
    found = parse_json(told, f"{path}: huggingface", "features")
    for key in ("info", "features", _LABEL, "names"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list) or not all(isinstance(name, str) and name for name in found):
        raise ValueError(
            f"{path}: wanted `label` as texts, or the names of its numbers in the features of "
            f"Hugging Face, got {kind} without names"
        )
    return found


def _sample(
    values: Mapping[str, Any], names: Sequence[str], split: str | None, place: str
) -> ReadSample:
    image = values["image"] or {}
    data = image.get("bytes")
    if not isinstance(data, bytes) or len(data) > MOST_BYTES:
        got = "none" if data is None else f"{len(data):,}"
        raise ValueError(f"{place}: wanted the image's bytes, at most {MOST_BYTES:,}, got {got}")
    name = told_name(image.get("path"), f"{place}: image.path")
    size = image_size((values.get("width"), values.get("height")), name, None, place)
    size = size if size != (None, None) else (told_size(data) or size)
    origin = origin_of(values, place)
    labels = ImageLabels(
        name,
        *size,
        tuple(_objects(values, names, place)),
        splits=(split,) if split else (),
        **{**origin, "image_id": id_of(values.get("image_id"))},
    )
    uri = uri_of(values.get("image_uri"), values.get("image_id"), f"{place}: image_uri")
    return ReadSample(labels, data, place, uri)


def _objects(
    values: Mapping[str, Any], names: Sequence[str], place: str
) -> Sequence[LabeledObject]:
    if "objects" in values:
        told = [_document(each, f"{place}: objects") for each in values["objects"] or ()]
        return objects_in(told, f"{place}: objects")
    label = values[_LABEL]
    if names and isinstance(label, int) and 0 <= label < len(names):
        label = names[label]
    if not isinstance(label, str) or not label:
        raise ValueError(f"{place}: wanted a label, got {str(label)[:80]!r}")
    return [LabeledObject("1", label, "classification")]


def _document(told: Any, place: str) -> Any:
    """An object as an annotation document has it: attributes are a text of JSON in Parquet."""
    if not isinstance(told, dict) or not isinstance(told.get("attributes"), str):
        return told
    return told | {"attributes": parse_json(told["attributes"], f"{place}.attributes", "an object")}
