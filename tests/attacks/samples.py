"""Files of a stranger that hold images and labels: lengths and counts that lie, links, bombs."""

import io
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.attacks.special import SPECIAL, Attack, written
from tests.attacks.tables import PARQUET
from tests.datasets.pictures import image
from vidset.formats.tfrecord_reading import masked

_GIGABYTE = 1 << 30


def record_of(data: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<Q", len(data) if length is None else length)
    return head + masked(head) + data + masked(data)


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    return bytes([*data, value])


def field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def example(**features: bytes) -> bytes:
    entries = [
        field(1, field(1, name.replace("__", "/").encode()) + field(2, value))
        for name, value in features.items()
    ]
    return field(1, b"".join(entries))


def _image(*, kind: int = 1) -> bytes:
    return field(kind, field(1, image(1)))


def _numbers() -> bytes:
    many = field(3, field(1, bytes(50_000_000)))
    return example(image__encoded=_image(), image__object__class__label=many)


def _lies_on(path: Path) -> None:
    """A file of holes, which says that it is one record."""
    with path.open("wb") as file:
        file.write(record_of(b"", 100 << 20)[:12])
        file.truncate(_GIGABYTE)


TFRECORD: Mapping[str, Attack] = {
    "a length beyond the file": written(lambda: record_of(b"x", 1 << 62)),
    "a record of a gigabyte": written(lambda: record_of(b"x", _GIGABYTE) + bytes(9)),
    "a file of holes": _lies_on,
    "a wrong checksum": written(lambda: record_of(example(image__encoded=_image()))[:-1] + b"x"),
    "cut": written(lambda: record_of(example(image__encoded=_image()))[:-9]),
    "50 million numbers": written(lambda: record_of(_numbers())),
    "a million features": written(lambda: record_of(field(1, field(1, b"") * 1_000_000))),
    "fields without end": written(lambda: record_of(b"\x0a" * 3_000_000)),
    "an image of another kind": written(lambda: record_of(example(image__encoded=_image(kind=2)))),
    "equal records": written(lambda: record_of(example(image__encoded=_image())) * 3000),
    **SPECIAL,
}


def _tar(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, claims: int | None = None):
    sink = io.BytesIO()
    for name, data in members:
        entry = tarfile.TarInfo(name)
        entry.type, entry.size = kind, len(data) if claims is None else claims
        entry.linkname = "/etc/passwd"
        sink.write(entry.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512))
    return sink.getvalue() + bytes(1024)


def _pax(text: bytes) -> bytes:
    return _tar(("x", text), kind=tarfile.XHDTYPE)[:-1024] + _tar(("a.png", image(1)))


def _holes(path: Path) -> None:
    """A file of holes, which says that it is one image."""
    with path.open("wb") as file:
        file.write(_tar(("a.png", b""), claims=100 << 20)[:512])
        file.truncate(_GIGABYTE)


WEBDATASET: Mapping[str, Attack] = {
    "a size beyond the file": written(lambda: _tar(("a.png", image(1)), claims=1 << 32)),
    "a file of holes": _holes,
    "a link": written(lambda: _tar(("a.png", b""), kind=tarfile.SYMTYPE)),
    "a sparse file": written(lambda: _tar(("a.png", b""), kind=b"S", claims=0)),
    "a sparse file by pax": written(lambda: _pax(b"22 GNU.sparse.major=1\n")),
    "a pax header of a megabyte": written(lambda: _pax(b"9" * 1_000_001)),
    "pax headers": written(lambda: _tar(*[("x", b"9 path=a\n")] * 50_000, kind=b"x")),
    "names that lead elsewhere": written(
        lambda: _tar(("../../a.png", image(1)), ("/etc/b.png", image(2)), ("\x1b[2J.png", image(3)))
    ),
    "many empty files": written(lambda: _tar(*[(f"{n}.txt", b"") for n in range(50_000)])),
    "deep labels": written(lambda: _tar(("a.png", image(1)), ("a.json", b"[" * 9_000_000))),
    "many objects": written(
        lambda: _tar(("a.png", image(1)), ("a.json", b'{"objects":[' + b"{}," * 900_000 + b"{}]}"))
    ),
    "labels that are none": written(
        lambda: _tar(("a.png", image(1)), ("a.json", b'{"objects":[{"label":"a","box":[1]}]}'))
    ),
    "cut": written(lambda: _tar(("a.png", image(1)))[:700]),
    **SPECIAL,
}


def _texts() -> bytes:
    """Lists of a text of a megabyte, which stands in the file once: 4 GB in memory."""
    texts = pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), 4000), ["x" * 1_000_000]
    )
    objects = pa.StructArray.from_arrays([texts], ["label"])
    table = pa.table(
        {
            "image": pa.array([{"bytes": image(1), "path": "a.png"}]),
            "image_id": ["a"],
            "objects": pa.ListArray.from_arrays(pa.array([0, 4000], pa.int32()), objects),
        }
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, store_schema=False, compression="zstd")
    return sink.getvalue()


def _labels(label: object) -> bytes:
    table = pa.table({"image": [{"bytes": image(1), "path": "../a.png"}], "label": [label]})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


IMAGES_IN_PARQUET: Mapping[str, Attack] = {
    **PARQUET,
    "lists of one long text": written(_texts),
    "a number without a name": written(lambda: _labels(7)),
    "a name that leads elsewhere": written(lambda: _labels("a")),
}
