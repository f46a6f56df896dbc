"""Finds the images of videos that are to be forgotten: their names, and what they are known by."""

from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa

from vidset.datasets.rows import rows_with
from vidset.gate import ORIGINALS, RECORDS, copies_elsewhere
from vidset.lineage.records import Records
from vidset.naming import image_id, image_prefix
from vidset.parquet import read_parquet
from vidset.storage.open import open_store

_STREAM = ".stream"


def source_of(uri: str) -> str:
    """Return the file or object that a video is in: its uri, without the number of a stream."""
    stem, dot, number = uri.rpartition(_STREAM)
    return stem if dot and number.isdigit() else uri


def images_of(
    records: Records, videos: Collection[tuple[str, str]]
) -> tuple[dict[str, str], set[str]]:
    """Return the names of the videos' images by image id, and the images' and copies' hashes.

    Names are those below the images' root; in a bucket whose ledger is in BigQuery, those in it.

    Args:
        videos: their uris and generations.

    Raises:
        ValueError: an image in BigQuery's ledger is not where a job stores those of the bucket, or
            the records of blurring are damaged.
    """
    project = records.project
    images = open_store(project.below(ORIGINALS))
    names: dict[str, str] = {}
    hashes: set[str] = set()
    prefixes = {video: _prefixes(*video) for video in videos}
    for row in records.frames_of(videos):
        if row["image_id"] is not None:
            hashes.add(row["image_sha256"])
            if project.given_ledger is None:
                names[row["image_id"]] = _name(row, images.place)
            else:
                video = row["video_uri"], row["generation"]
                names[row["image_id"]] = _name_in_bucket(row, project.place, prefixes[video])
    return names, hashes | set(_hashes_of_copies(project.place, names))


def _hashes_of_copies(place: str, image_ids: Collection[str]) -> Iterator[str]:
    """Yield the hashes of the images' blurred copies, which versions may have in their place."""
    for root in filter(None, (place, copies_elsewhere(place))):
        store = open_store(f"{root}/{RECORDS}")
        try:
            listed = [each.name for each in store.list() if each.name.endswith(".parquet")]
        except FileNotFoundError:
            continue
        for name in listed:
            try:
                table = read_parquet(store.read(name), ["image_id", "copy_sha256"])
            except (pa.ArrowInvalid, KeyError) as error:
                wanted = f"{store.uri(name)}: wanted records of blurring: {error}"
                raise ValueError(wanted) from None
            yield from rows_with(table, "image_id", image_ids)["copy_sha256"].to_pylist()


def _name_in_bucket(row: dict[str, Any], place: str, prefixes: Collection[str]) -> str:
    """Return an image's name in a bucket of images, with `images/` if the images lie below that.

    Args:
        prefixes: what the names of its video's images may begin with.

    Raises:
        ValueError: it has no such name as jobs give: their tombstones would be elsewhere.
    """
    name = row["image_uri"].removeprefix(f"{place}/")
    prefix, _, _ = name.rpartition("/")
    if prefix.removeprefix(f"{ORIGINALS}/") not in prefixes and prefix not in prefixes:
        raise ValueError(
            f"{row['image_uri']}: wanted an image that a job with --images {place} has stored"
        )
    return name


def _prefixes(uri: str, generation: str) -> set[str]:
    """Return what a job may call the folder of a video's images: it takes an end of the uri."""
    whole = source_of(uri)
    stream = int(uri.removeprefix(whole).removeprefix(_STREAM) or 0)
    segments = whole.split("/")
    ends = ("/".join(segments[start:]) for start in range(len(segments)))
    return {image_prefix(each, generation, stream) for each in ends if each}


def _name(row: dict[str, Any], place: Any) -> str:
    """Return an image's name below the images' root, wherever that was when it was written."""
    segments = row["image_uri"].split("/")
    tails = ("/".join(segments[start:]) for start in range(len(segments) - 1, -1, -1))
    for name in tails:
        if row["image_id"] == image_id(place(name)):
            return name
    return row["image_uri"]
