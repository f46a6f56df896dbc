"""Find the images that the names in other tools' files mean."""

from collections.abc import Iterable

from vidset.formats.matching import Match, Names, without_layout
from vidset.formats.reading import is_uri
from vidset.labeling.task import Image


class ImageNames:
    """Images by id, by uri, and by their name below the images.

    It takes some 2 kB for an image.
    """

    def __init__(self, images: Iterable[tuple[Image, str]], how: Match = "path"):
        """Each image with its name below the images."""
        self._images: dict[str, Image] = {}
        self._by_id: dict[str, Image] = {}
        names = []
        for image, name in images:
            names.append(name)
            self._images[image.uri] = self._images[name] = image
            self._by_id[image.id] = image
        self._names = Names(names)
        self._how: Match = how
        self._are_in_buckets = any(is_uri(image.uri) for image in self._by_id.values())

    def find(
        self, name: str, image_id: str | None = None, *, is_elsewhere: bool = False
    ) -> Image | None:
        """The image; None if none or several of the ledger could be meant.

        Args:
            is_elsewhere: the name is what is left of a path of another machine, of which the
                longest common end counts unless exact names are asked for.

        Raises:
            ValueError: the id is that of another image than the name.
        """
        told = self._by_id.get(image_id or "") or self._by_id.get(name)
        exact = self._images.get(name)
        if told and exact and told.id != exact.id:
            raise ValueError(
                f"image {name!r}: wanted the image_id of this name, {exact.id}, got {image_id}"
            )
        if told or exact:
            return told or exact
        # Among images in buckets, another bucket says that another image is meant.
        in_another = is_uri(name) and self._are_in_buckets and self._how != "longest"
        how: Match = "longest" if is_elsewhere and self._how == "path" else self._how
        found = None if in_another else self._names.find(name, how)
        return None if found is None else self._images[found]

    def unknown(self, name: str) -> ValueError:
        """Returns why `find` found none."""
        same = self._names.candidates(name)
        if len(same) > 1 and "/" not in (without_layout(name) or name):
            return ValueError(
                f"image {name!r} could be any of {len(same)} of the ledger, such as {same[0]} and "
                f"{same[1]}: wanted the name below the images, the uri or the image_id"
            )
        number, some = len(self._names.all), next(iter(self._names.all), "none")
        if same and self._names.find(name, "longest"):
            return ValueError(
                f"image {name!r} is not among the {number} of the ledger; the nearest is "
                f"{same[0]}, which --match longest takes, and --skip-unknown passes over it"
            )
        return ValueError(
            f"image {name!r} is not among the {number} of the ledger, such as {some}; "
            "--skip-unknown passes over it"
        )
