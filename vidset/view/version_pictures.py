"""The pictures behind versions and runs, which the page asks for by the hash of an image."""

from vidset.blurred import read_checked
from vidset.datasets.errors import DatasetError
from vidset.gate import Gate
from vidset.place_images import ImageFiles
from vidset.project import Project
from vidset.view import images, versions
from vidset.view.catalog import Catalog

_JPEG = "image/jpeg"


class VersionPictures:
    """Reads pictures of a place's versions. Behind a privacy gate, blurred copies alone.

    Args:
        files: the place's images, or their copies.
        gate: the place's gate where only copies may be shown; None where originals may be.
    """

    def __init__(self, project: Project, catalog: Catalog, files: ImageFiles, gate: Gate | None):
        self._project, self._catalog, self._files, self._gate = project, catalog, files, gate
        self._copies: set[str] = set()

    def read(self, image_sha256: str) -> tuple[bytes, str]:
        """Return a picture and its media type: of an image of a version, or of the place.

        Raises:
            DatasetError: there is no such image, or it may not be shown.
            OSError, ValueError: it cannot be read.
        """
        of_place = images.find_by_hash(self._catalog, image_sha256)
        if self._gate is not None:
            if of_place is not None:
                return self._files.read(of_place.image_id, of_place.uri), _JPEG
            self.check(image_sha256)
        repository = versions.open_repository(self._project)
        if repository is None:
            raise DatasetError(f"{self._project.place}: there are no dataset versions")
        try:
            return versions.find_image(repository, image_sha256)
        except DatasetError:
            if of_place is None:
                raise
            # What a version made of the image is in the version, and the image itself is not.
            return self._files.read(of_place.image_id, of_place.uri), _JPEG

    def check(self, image_sha256: str) -> None:
        """Check that what is drawn of an image of a version may be shown.

        Raises:
            DatasetError: there is a gate, and the image is no copy of its making.
        """
        if self._gate is not None and not self._is_copy(image_sha256, self._gate):
            raise DatasetError(
                f"{image_sha256}: it was not checked for what has to be blurred; "
                "--originals shows it"
            )

    def _is_copy(self, image_sha256: str, gate: Gate) -> bool:
        if image_sha256 not in self._copies:  # It may have been made since.
            checked = read_checked(self._project.place, gate)
            self._copies = {each.copy_sha256 for each in checked.values()}
        return image_sha256 in self._copies
