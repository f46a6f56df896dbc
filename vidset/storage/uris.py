"""Uris of objects: `scheme://bucket/name`. This is the one place that takes them apart."""

import re
from dataclasses import dataclass

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]+)(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Uri:
    """An object, or a place in a bucket that objects lie below.

    Attributes:
        name: the object's name, or a prefix, as it stands behind the bucket; often empty.
    """

    scheme: str
    bucket: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.root}/{self.name}" if self.name else self.root

    @property
    def root(self) -> str:
        """The whole bucket's uri."""
        return f"{self.scheme}://{self.bucket}"

    @property
    def prefix(self) -> str:
        """The name as a prefix of objects' names: empty, or with one slash at its end."""
        return self.name.rstrip("/") + "/" if self.name.strip("/") else ""


def is_uri(place: str) -> bool:
    """Returns whether `place` is meant as a uri. Anything else is a path of this machine."""
    return "://" in place


def parse_uri(text: str) -> Uri:
    """Take a uri apart. Whether its scheme is known, the registry says.

    Raises:
        ValueError: it is no uri, or it names no bucket.
    """
    match = _URI.fullmatch(text)
    if match is None:
        raise ValueError(f"wanted a uri such as gs://bucket/name, got {text!r}")
    return Uri(match[1], match[2], match[3] or "")
