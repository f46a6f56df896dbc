"""Opens the places where versions are shared: a folder, a bucket, or a folder that DVC tracks."""

from dataclasses import dataclass
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

_DVC = "dvc:"


@dataclass(frozen=True, slots=True)
class Remote:
    """Attributes:
    url: as it was typed.
    dvc: what stands behind `dvc:`; None for a folder or bucket.
    """

    url: str
    dvc: str | None = None

    @property
    def store(self) -> ObjectStore:
        return open_store(self.url)


def open_remote(url: str | None, option: str, *, is_made: bool) -> Remote:
    """Check a remote's url.

    Args:
        option: where the url would have been given, for messages.
        is_made: whether a folder that is not there is made.

    Raises:
        DatasetError: there is none, or no such folder.
    """
    if not url:
        raise DatasetError(
            f"wanted {option} URL: a folder, gs://, s3:// or dvc:, or `remote` in vidset.toml"
        )
    if url.startswith(_DVC):
        if len(url) == len(_DVC):
            raise DatasetError(f"{option} {url}: wanted a folder behind dvc:")
        return Remote(url, url.removeprefix(_DVC))
    if "://" not in url:
        folder = Path(url)
        if is_made:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.is_dir():
            raise DatasetError(f"{url}: wanted a folder with dataset versions, there is none")
    return Remote(url)


def dvc_source(text: str) -> tuple[str, str, str | None]:
    """Repository, path and revision of `REPOSITORY#PATH@REVISION`. A repository that is a folder of
    this machine is made absolute, since DVC runs elsewhere.

    Raises:
        DatasetError: there is no path.
    """
    repository, _, rest = text.partition("#")
    path, _, revision = rest.partition("@")
    if not repository or not path:
        raise DatasetError(f"dvc:{text}: wanted dvc:REPOSITORY#PATH or dvc:REPOSITORY#PATH@TAG")
    if Path(repository).is_dir():
        repository = str(Path(repository).absolute())
    return repository, path, revision or None
