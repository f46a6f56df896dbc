"""Exports say where each image comes from, so that a dataset made of them keeps videos whole."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vidset.formats.format import ImageLabels
from vidset.place import Place
from vidset.place_images import Origin, ParquetLedger
from vidset.rights import NONE, LicenseChoice, Rights, told_licences


def origins_of(place: Place) -> Mapping[str, Origin]:
    """Return the video, its rights, the time and collector of a place's images by their ids.

    The ledger is read as a whole, some 300 bytes for an image. Nothing is known of the images of
    a store alone, nor of a ledger in BigQuery.
    """
    if place.out is None or place.out.startswith("bq://"):
        return {}
    return {origin.image_id: origin for origin in ParquetLedger(place.out).origins()}


def with_origin(
    labels: ImageLabels, origins: Mapping[str, Origin], usual: Rights = NONE
) -> ImageLabels:
    """Return the labels with where their image comes from and its rights, as far as is known.

    Args:
        usual: rights of the place's images as far as nothing is stated of their video.
    """
    return replace(labels, **origin_values(labels.image_id, origins, usual))


def origin_values(
    image_id: str | None, origins: Mapping[str, Origin], usual: Rights = NONE
) -> dict[str, Any]:
    """Return the same as fields of `ImageLabels`."""
    origin = origins.get(image_id or "")
    if origin is None:
        return {"rights": usual}
    return {
        "video_uri": origin.video_uri,
        "pts_seconds": origin.pts_seconds,
        "collector_id": origin.collector_id,
        "rights": origin.rights.or_else(usual),
    }


class Chosen:
    """Labels of images of the licences that are wanted.

    Attributes:
        others: how many images there were of which other licences.
    """

    def __init__(self, wanted: LicenseChoice):
        self._wanted = wanted
        self.others: Counter[str] = Counter()

    def among(self, labels: Iterable[ImageLabels]) -> Iterator[ImageLabels]:
        """Yield them.

        Raises:
            ValueError: there is none; the others are counted.
        """
        is_any = False
        for each in labels:
            if self._wanted.allows(each.rights):
                is_any = True
                yield each
            else:
                self.others[each.rights.license_to_count] += 1
        if self.others and not is_any:
            raise ValueError(
                f"--license {', '.join(self._wanted.names)}: no image is of it; the images are of "
                f"{told_licences(self.others)}"
            )
