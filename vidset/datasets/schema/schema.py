"""The schema that versions of a repository must keep. It is frozen at the first version.

It is never inferred from the data that it is to check. See vidset.datasets.schema.files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from vidset.datasets.errors import DatasetError
from vidset.datasets.schema.histogram import EDGES

# The ranges that a later image may lie outside of.
RANGES = ("width", "height", "aspect_ratio", "brightness", "contrast", "sharpness")
_HISTOGRAMS = ("width", "height", "aspect_ratio", "brightness")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits beyond which something counts as an anomaly. To change one, edit ROOT/schema.json.

    Attributes:
        label_drift: L-infinity distance of a split's shares of labels from the schema's. Two draws
            of 300 images with ten labels differ by up to 0.05 by chance.
        size_drift: Jensen-Shannon divergence (0 to 1) of widths, heights and aspect ratios.
        brightness_drift: of mean brightness. Two draws of 300 images have about 0.03 by chance.
        pixel_drift: L-infinity distance of a split's shares of labels in the area of what is drawn,
            where outlines or masks are.
        fewest_images: too few for a drift to be told; then it is not looked for.
        blanks: most blank images of a split.
    """

    label_drift: float = 0.1
    size_drift: float = 0.1
    brightness_drift: float = 0.1
    pixel_drift: float = 0.1
    fewest_images: int = 100
    blanks: int = 0

    def __post_init__(self) -> None:
        for name in ("label_drift", "size_drift", "brightness_drift", "pixel_drift"):
            if not 0 <= getattr(self, name) <= 1:
                raise DatasetError(f"{name}: wanted 0 to 1, got {getattr(self, name)}")
        for name in ("fewest_images", "blanks"):
            if getattr(self, name) < 0:
                raise DatasetError(f"{name}: wanted 0 or more, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class SplitSchema:
    """A split as it was.

    Attributes:
        labels: the images that have each label.
        histograms: of each of `_HISTOGRAMS`, the counts in `histogram.EDGES`.
        pixels: the area of each label's objects; None in a schema of an earlier release.
    """

    images: int
    labels: Mapping[str, int]
    histograms: Mapping[str, list[int]]
    pixels: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """The expectations of a version.

    Attributes:
        number: 1 is the first.
        version: the id of the dataset version that it was frozen at.
        labels: all that there may be.
        columns: of the manifest, those that every image has a value in.
        formats: of image files.
        ranges: least and most of each of `RANGES`, over all splits.
        edges: of the histograms.
        types: of objects, such as box and mask; None in a schema of an earlier release.
    """

    number: int
    version: str
    labels: list[str]
    columns: list[str]
    formats: list[str]
    ranges: Mapping[str, tuple[float, float]]
    edges: Mapping[str, list[float]]
    splits: Mapping[str, SplitSchema]
    thresholds: Thresholds
    types: list[str] | None = None

    @classmethod
    def from_dict(cls, said: Mapping[str, Any], name: str) -> Self:
        """Reads what `asdict` wrote. Raises DatasetError, with `name`, if it is no schema."""
        known = {each.name for each in fields(cls)}
        if set(said) | {"types"} != known:
            odd = sorted((set(said) | {"types"}) ^ known)
            shown = ", ".join(each[:60] for each in odd[:10])
            more = f" and {len(odd) - 10} more" if len(odd) > 10 else ""
            wanted = ", ".join(sorted(known))
            raise DatasetError(f"{name}: no schema: wanted {wanted}; see {shown}{more}")
        try:
            schema = cls(
                **{
                    **said,
                    "splits": {key: SplitSchema(**each) for key, each in said["splits"].items()},
                    "ranges": {key: (low, high) for key, (low, high) in said["ranges"].items()},
                    "thresholds": Thresholds(**said["thresholds"]),
                }
            )
        except (TypeError, AttributeError) as error:
            raise DatasetError(f"{name}: no schema: {error}") from None
        edges = {key: list(EDGES[key]) for key in _HISTOGRAMS}
        if schema.edges != edges:
            raise DatasetError(f"{name}: wanted the histograms' edges {edges}, got {schema.edges}")
        return schema


def infer(
    statistics: Mapping[str, Any], version: str, *, number: int = 1, thresholds: Thresholds
) -> Schema:
    """The schema that a version with these statistics (`describe`) satisfies.

    Raises:
        DatasetError: it has no images.
    """
    splits = statistics["splits"]
    images = statistics["images"]
    if not images:
        raise DatasetError(f"version {version}: wanted images to freeze a schema at, got none")
    present = {name: 0 for each in splits.values() for name in each["present"]}
    for each in splits.values():
        for name, count in each["present"].items():
            present[name] += count
    return Schema(
        number=number,
        version=version,
        labels=sorted({label for each in splits.values() for label in each["labels"]}),
        columns=sorted(name for name, count in present.items() if count == images),
        formats=sorted({name for each in splits.values() for name in each["formats"]}),
        ranges={name: _range(splits, name) for name in RANGES},
        edges={name: list(EDGES[name]) for name in _HISTOGRAMS},
        splits={
            name: SplitSchema(
                images=each["images"],
                labels=each["labels"],
                histograms={feature: each["numbers"][feature]["counts"] for feature in _HISTOGRAMS},
                pixels={label: areas["sum"] for label, areas in each["pixels"].items()},
            )
            for name, each in splits.items()
        },
        thresholds=thresholds,
        types=sorted({kind for each in splits.values() for kind in each["types"]}),
    )


def _range(splits: Mapping[str, Any], name: str) -> tuple[float, float]:
    numbers = [each["numbers"][name] for each in splits.values()]
    return min(each["min"] for each in numbers), max(each["max"] for each in numbers)
