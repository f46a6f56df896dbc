"""Find the images that the names in other tools' files mean."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from vidset.labeling.task import Image


class ImageNames:
    """Images by uri, by their name below the images, and by base name where it is unique.

    It takes some 1 kB for an image.
    """

    def __init__(self, images: Iterable[tuple[Image, str]]):
        """Each image with its name below the images."""
        self._images: dict[str, Image] = {}
        self._by_base_name: dict[str, list[str]] = {}
        for image, name in images:
            self._images[image.uri] = self._images[name] = image
            self._by_base_name.setdefault(PurePosixPath(name).name, []).append(name)

    def find(self, name: str) -> Image | None:
        """The image; None if none or several of the ledger could be meant."""
        for exact in name, name.removeprefix("images/"):
            if exact in self._images:
                return self._images[exact]
        # A name with a folder says more than a base name, and something else.
        same = self._by_base_name.get(name, [])
        return self._images[same[0]] if len(same) == 1 else None

    def unknown(self, name: str) -> ValueError:
        """Why `find` found none."""
        same = self._by_base_name.get(name, [])
        if same:
            return ValueError(
                f"image {name!r} could be any of {len(same)} of the ledger, such as {same[0]} and "
                f"{same[1]}: wanted the name below the images, or the uri"
            )
        number = sum(map(len, self._by_base_name.values()))
        some = next((names[0] for names in self._by_base_name.values()), "none")
        return ValueError(
            f"image {name!r} is not among the {number} of the ledger, such as {some}; "
            "--skip-unknown passes over it"
        )
