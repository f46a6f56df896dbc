"""Images by their uris."""

from functools import cache

from vidset.storage.store import ObjectStore
from vidset.storage.uris import open_store


def read_uri(uri: str) -> bytes:
    """The bytes of gs://BUCKET/NAME or s3://BUCKET/NAME.

    Raises:
        OSError: there is nothing, or another kind of uri.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, name = rest.partition("/")
    if scheme not in ("gs", "s3") or not bucket or not name:
        raise OSError(f"wanted a gs:// or s3:// uri, got {uri}")
    return _store(f"{scheme}://{bucket}").read(name)


@cache
def _store(root: str) -> ObjectStore:
    return open_store(root)
