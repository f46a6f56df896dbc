"""Uris and settings to stores, images and ledgers. Each client is imported when it is used."""

from vidset.labeling.images.access import FolderImages, ImageAccess
from vidset.labeling.ledger.ledger import ImageLedger
from vidset.labeling.settings import Settings
from vidset.labeling.stores.store import Store


def open_store(uri: str) -> Store:
    """`firestore://PROJECT[/DATABASE]`, or `sqlite:PATH`.

    Raises:
        ValueError: the uri is of another kind, or its client is not installed.
    """
    scheme, _, rest = uri.partition(":")
    if scheme == "sqlite" and rest:
        from vidset.labeling.stores.sqlite import SqliteStore

        return SqliteStore(rest)
    project, _, database = rest.removeprefix("//").partition("/")
    if scheme == "firestore" and rest.startswith("//") and project:
        try:
            from vidset.labeling.stores.firestore import FirestoreStore
        except ModuleNotFoundError as error:
            raise ValueError(f'{uri} needs pip install "vidset[gcp]": {error}') from None
        return FirestoreStore(project, database or "(default)")
    raise ValueError(f"wanted firestore://PROJECT[/DATABASE] or sqlite:PATH, got {uri!r}")


def open_image_access(settings: Settings) -> ImageAccess:
    """For images in Cloud Storage, in any S3, or in a folder.

    Raises:
        ValueError: images in a folder cannot be signed, or a client is not installed.
    """
    if settings.images is None or settings.images.startswith("gs://"):
        try:
            from vidset.labeling.images.gcs import GcsImages
        except ModuleNotFoundError as error:
            raise ValueError(f'gs:// images need pip install "vidset[gcp]": {error}') from None
        return GcsImages(settings.image_access, settings.signed_url_lifetime)
    if settings.images.startswith("s3://"):
        try:
            from vidset.labeling.images.s3 import S3Images
        except ModuleNotFoundError as error:
            raise ValueError(f's3:// images need pip install "vidset[s3]": {error}') from None
        return S3Images(settings.image_access, settings.signed_url_lifetime)
    return FolderImages(settings.images, settings.image_access)


def open_ledger(uri: str) -> ImageLedger:
    """`bq://PROJECT.DATASET`.

    Raises:
        ValueError: the uri is of another kind, or the client is not installed.
    """
    project, _, dataset = uri.removeprefix("bq://").partition(".")
    if not uri.startswith("bq://") or not (project and dataset):
        raise ValueError(f"wanted bq://PROJECT.DATASET, got {uri!r}")
    try:
        from vidset.labeling.ledger.bigquery import BigqueryLedger
    except ModuleNotFoundError as error:
        raise ValueError(f'{uri} needs pip install "vidset[gcp]": {error}') from None
    return BigqueryLedger(project, dataset)
