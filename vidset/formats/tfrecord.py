"""TFRecord files with the features of TensorFlow's Object Detection API, and label_map.pbtxt.

https://github.com/tensorflow/models/blob/master/research/object_detection/g3doc/using_your_own_dataset.md
https://www.tensorflow.org/tutorials/load_data/tfrecord

Boxes are parts of the image's size in floats of 32 bits, labels count from 1. The words on an image
are image/class/*. Ids and attributes (JSON) are in image/object/id and image/object/attributes, and
where an image comes from is in image/uri, image/video_uri, image/pts_seconds and
image/collector_id. What is stated of its rights is in image/license, image/license_url,
image/attribution, image/obtained_from and image/consent. TensorFlow's own parsers pass over these.
"""

import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from vidset.formats.boxes import boxes_of
from vidset.formats.format import ImageLabels, Loss
from vidset.formats.samples import Sample, write_shards
from vidset.formats.tfrecord_reading import masked, read_samples
from vidset.labeling.annotation import Box, LabeledObject

__all__ = ["NAME", "image_file", "read_samples", "sayable", "write"]
NAME = "TFRecord"
_FORMATS = {b"\xff\xd8\xff": b"jpeg", b"\x89PN": b"png"}


def image_file(image_name: str) -> str:
    return image_name


def sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    return boxes_of(labels, NAME, words=True)


def write(
    samples: Iterable[Sample], folder: Path, numbers_of: Mapping[str, int], most_bytes: int
) -> None:
    """images-00000-of-00001.tfrecord and so on."""
    items = [
        f"item {{\n  id: {number + 1}\n  name: {json.dumps(label, ensure_ascii=False)}\n}}\n"
        for label, number in numbers_of.items()
    ]
    (folder / "label_map.pbtxt").write_text("".join(items), encoding="utf-8")

    def name_of(number: int, total: int) -> str:
        return f"images-{number:05}-of-{total:05}.tfrecord"

    write_shards(samples, folder, name_of, partial(_File, numbers_of), most_bytes)


class _File:
    def __init__(self, numbers_of: Mapping[str, int], path: Path):
        self._numbers_of = numbers_of
        self._file = path.open("wb")

    def add(self, sample: Sample) -> None:
        data = _example(_features(sample, self._numbers_of))
        length = struct.pack("<Q", len(data))
        self._file.write(length + masked(length) + data + masked(data))

    def close(self) -> None:
        self._file.close()


def _features(sample: Sample, numbers_of: Mapping[str, int]) -> dict[str, bytes]:
    """Serialises the features by name.

    Raises:
        ValueError: the image is neither a JPEG nor a PNG.
    """
    encoding = _FORMATS.get(sample.data[:3])
    if encoding is None:
        raise ValueError(
            f"image {sample.labels.image_name!r}: wanted a JPEG or a PNG for {NAME}, "
            f"got a file that begins with {sample.data[:3]!r}"
        )
    labels = sample.labels
    boxed = [item for item in labels.objects if item.box]
    words = [item for item in labels.objects if not item.box]

    def each(of: Callable[[LabeledObject], str]) -> bytes:
        return _texts([of(item).encode() for item in boxed])

    return {
        "image/encoded": _texts([sample.data]),
        "image/format": _texts([encoding]),
        "image/filename": _texts([labels.image_name.encode()]),
        "image/source_id": _texts([sample.image_id.encode()]),
        "image/key/sha256": _texts([sha256(sample.data).hexdigest().encode()]),
        "image/height": _integers([labels.height or 0]),
        "image/width": _integers([labels.width or 0]),
        **_edges([item.box for item in boxed if item.box], labels.width or 1, labels.height or 1),
        "image/object/class/text": each(lambda item: item.label),
        "image/object/class/label": _integers([numbers_of[item.label] + 1 for item in boxed]),
        "image/object/id": each(lambda item: item.id),
        "image/object/attributes": each(lambda item: json.dumps(dict(item.attributes))),
        "image/class/text": _texts([item.label.encode() for item in words]),
        "image/class/label": _integers([numbers_of[item.label] + 1 for item in words]),
        **_origin(sample),
    }


def _origin(sample: Sample) -> dict[str, bytes]:
    labels = sample.labels
    told = {
        "uri": sample.image_uri,
        "video_uri": labels.video_uri,
        "pts_seconds": None if labels.pts_seconds is None else str(labels.pts_seconds),
        "collector_id": labels.collector_id,
        **labels.rights.told(),
    }
    return {f"image/{name}": _texts([text.encode()]) for name, text in told.items() if text}


def _edges(boxes: Sequence[Box], width: int, height: int) -> dict[str, bytes]:
    edges = {
        "xmin": [box.x / width for box in boxes],
        "xmax": [(box.x + box.width) / width for box in boxes],
        "ymin": [box.y / height for box in boxes],
        "ymax": [(box.y + box.height) / height for box in boxes],
    }
    # Sums of rounded numbers may leave the image by some billionths.
    return {
        f"image/object/bbox/{name}": _floats([min(max(value, 0.0), 1.0) for value in values])
        for name, values in edges.items()
    }


def _example(features: Mapping[str, bytes]) -> bytes:
    """A serialised tf.train.Example. Its few messages take no protobuf library.

    https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/example/feature.proto
    """
    entries = [_field(1, name.encode()) + _field(2, features[name]) for name in sorted(features)]
    return _field(1, b"".join(_field(1, entry) for entry in entries))


def _texts(values: Sequence[bytes]) -> bytes:
    return _field(1, b"".join(_field(1, value) for value in values))


def _floats(values: Sequence[float]) -> bytes:
    return _field(2, _field(1, struct.pack(f"<{len(values)}f", *values)))


def _integers(values: Sequence[int]) -> bytes:
    return _field(3, _field(1, b"".join(map(_varint, values))))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])
