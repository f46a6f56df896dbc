"""Images by their uris."""

from vidset.storage.open import Stores
from vidset.storage.uris import is_uri

_STORES = Stores()


def read_uri(uri: str) -> bytes:
    """The bytes of the object at a uri such as gs://BUCKET/NAME.

    Raises:
        OSError: there is nothing, or it is another kind of uri.
    """
    try:
        if not is_uri(uri):
            raise ValueError(f"wanted a uri such as gs://BUCKET/NAME, got {uri}")
        store, name = _STORES.find(uri)
    except ValueError as error:
        raise OSError(str(error)) from None
    return store.read(name)
