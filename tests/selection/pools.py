"""Pools of images that were never taken, for strategies to choose from."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from vidset.place_images import KeptImage
from vidset.selection.pool import Pool, Predicted

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def image(
    number: int,
    video: str = "a",
    seconds: float | None = None,
    collector: str | None = None,
    uploaded_at: datetime | None = NOON,
) -> KeptImage:
    """An image whose id and hash tell its number."""
    at = float(number) if seconds is None else seconds
    return KeptImage(
        id=f"{number:032x}",
        uri=f"/out/images/{video}/0/{round(at * 1000):010d}.jpg",
        width=64,
        height=48,
        image_sha256=f"{number:064x}",
        phash=None,
        video_uri=f"/videos/{video}.mp4",
        collector_id=collector,
        pts_seconds=at,
        uploaded_at=uploaded_at,
    )


def on_circle(*degrees: float) -> np.ndarray:
    """Vectors in the plane, by their angles."""
    angles = np.radians(np.array(degrees, float))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float16)


def pool(images: list[KeptImage] | int, **more: Any) -> Pool:
    """A pool of images, or of so many of one video, without vectors unless they are given."""
    images = [image(number) for number in range(images)] if isinstance(images, int) else images
    more.setdefault("vectors", np.zeros((len(images), 2), np.float16))
    more.setdefault("is_evaluated", np.zeros(len(images), np.bool_))
    return Pool(images=images, **more)


def doubts(*uncertainties: float) -> dict[int, Predicted]:
    """The answers of a run, by place."""
    return {place: Predicted(each, {}, "told") for place, each in enumerate(uncertainties)}
