"""Exports say where each image comes from, so that a dataset made of them keeps videos whole."""

from collections.abc import Mapping
from dataclasses import replace

from vidset.formats.format import ImageLabels
from vidset.place import Place
from vidset.place_images import Origin, ParquetLedger


def origins_of(place: Place) -> Mapping[str, Origin]:
    """Return the video, time and collector of a place's images by their ids.

    The ledger is read as a whole, some 300 bytes for an image. Nothing is known of the images of
    a store alone, nor of a ledger in BigQuery.
    """
    if place.out is None or place.out.startswith("bq://"):
        return {}
    return {origin.image_id: origin for origin in ParquetLedger(place.out).origins()}


def with_origin(labels: ImageLabels, origins: Mapping[str, Origin]) -> ImageLabels:
    """Return the labels with where their image comes from, as far as it is known."""
    origin = origins.get(labels.image_id or "")
    if origin is None:
        return labels
    return replace(
        labels,
        video_uri=origin.video_uri,
        pts_seconds=origin.pts_seconds,
        collector_id=origin.collector_id,
    )
