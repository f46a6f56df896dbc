"""Decides who may read the images that `label serve` serves.

Any page that a person has open can send requests to servers of her machine: by their address, or by
a name of its own that leads there. So both the host and the page's origin are looked at.
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from vidset.labeling.settings import Settings

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def is_known_host(host: str, settings: Settings) -> bool:
    """Returns whether a Host is an address, this machine, or a name in the settings' urls.

    An address cannot be a foreign page's name for this machine.
    """
    name = _split(f"//{host}").hostname
    if not name:
        return False
    urls = (settings.image_access, settings.callback_url or "")
    return name in _HERE or _is_address(name) or name in {_split(url).hostname for url in urls}


def is_label_studio(origin: str, settings: Settings) -> bool:
    """Returns whether an origin is that of LABEL_STUDIO_URL, by any name of this machine."""
    url = settings.of_vendors.get("LABEL_STUDIO_URL")
    return url is not None and _origin(_split(origin)) == _origin(_split(str(url)))


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # Raises, too, where it is none.
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    host = "localhost" if parts.hostname in _HERE else parts.hostname
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, host, port


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
