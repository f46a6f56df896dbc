"""Images with what is stated of them, and only those of the licences that are wanted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vidset.datasets.curation.sources.source import Fault, Found, Kind, Source
from vidset.datasets.errors import DatasetError
from vidset.rights import LicenseChoice, Rights, told_licences


@dataclass(frozen=True, slots=True)
class Licensed:
    """A source of which rights are stated from outside.

    Attributes:
        stated: of the images as far as the source itself says nothing.
        licenses: the images of others stay out, and are counted.
    """

    source: Source
    stated: Rights
    licenses: LicenseChoice

    def __iter__(self) -> Iterator[Found | Fault]:
        """Raises DatasetError: no image is of a wanted licence; it counts those that there are."""
        others: Counter[str] = Counter()
        is_any = False
        for each in self.source:
            if isinstance(each, Fault):
                yield each
                continue
            rights = each.rights.or_else(self.stated)
            if self.licenses.allows(rights):
                is_any = True
                yield replace(each, rights=rights)
            else:
                others[rights.license_to_count] += 1
                yield Fault(Kind.NOT_LICENSED, each.image_uri, rights.license_to_count)
        if others and not is_any:
            raise DatasetError(
                f"--license {', '.join(self.licenses.names)}: no image is of it; the images are of "
                f"{told_licences(others)}"
            )
