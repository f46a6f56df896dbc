"""WebDataset's tar files: <key>.jpg and <key>.json, one behind the other.

https://github.com/webdataset/webdataset

The JSON says all that the annotation says. A polygon that one line goes around has that line's
`points` too.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from tarfile import BLOCKSIZE, NUL, PAX_FORMAT, TarInfo

from vidset.formats.format import ImageLabels, Loss
from vidset.formats.names import flat_name
from vidset.formats.samples import Sample, write_shards
from vidset.formats.webdataset_reading import read_samples
from vidset.labeling.timestamps import format_timestamp

__all__ = ["NAME", "image_file", "read_samples", "sayable", "write"]
NAME = "WebDataset"


def image_file(image_name: str) -> str:
    return flat_name(image_name)


def sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    return labels, []


def write(
    samples: Iterable[Sample],
    folder: Path,
    numbers_of: Mapping[str, int],  # noqa: ARG001  Labels are texts here.
    most_bytes: int,
) -> None:
    """images-000000.tar and so on."""
    write_shards(samples, folder, lambda number, _: f"images-{number:06}.tar", _Tar, most_bytes)


class _Tar:
    """`tarfile.TarFile` would keep an entry of each file in memory."""

    def __init__(self, path: Path):
        self._file = path.open("wb")

    def add(self, sample: Sample) -> None:
        self._add(sample.image, sample.data)
        key = str(PurePosixPath(sample.image).with_suffix(".json"))
        self._add(key, json.dumps(_said(sample), ensure_ascii=False).encode())

    def close(self) -> None:
        self._file.write(NUL * 2 * BLOCKSIZE)
        self._file.close()

    def _add(self, name: str, data: bytes) -> None:
        entry = TarInfo(name)  # Of no time and of no owner: the same labels give the same bytes.
        entry.size = len(data)
        self._file.write(entry.tobuf(PAX_FORMAT))
        self._file.write(data + NUL * (-len(data) % BLOCKSIZE))


def _said(sample: Sample) -> dict[str, object]:
    labels = sample.labels
    origin = {
        "video_uri": labels.video_uri,
        "pts_seconds": labels.pts_seconds,
        "collector_id": labels.collector_id,
    }
    return {
        "image_id": sample.image_id,
        "image_uri": sample.image_uri,
        "image_name": labels.image_name,
        "width": labels.width,
        "height": labels.height,
        "objects": [item.to_older_document() | item.to_document() for item in labels.objects],
        "annotator": labels.annotator,
        "updated_at": labels.updated_at and format_timestamp(labels.updated_at),
        "revision": sample.revision,
        **{name: value for name, value in origin.items() if value is not None},
        **labels.rights.told(),
    }
