"""COCO's `licenses`, the `license` of an image, and what `info` says of the dataset.

COCO has a number for the licence of each image, and one contributor and one url for the file. What
differs from image to image stands at the images, under names of ours.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vidset.formats.origin import rights_in
from vidset.rights import NONE, Rights

# The name and the url of each licence, with its number.
Licenses = Mapping[tuple[str, str], int]
_OF_FILE = {"contributor": "attribution", "url": "obtained_from"}


def licenses_of(rights: Collection[Rights]) -> Licenses:
    """Number the licences that are stated, from 1, in the order of their names."""
    named = sorted({pair for each in rights if any(pair := _pair(each))})
    return {pair: number for number, pair in enumerate(named, 1)}


def entries_of(licenses: Licenses) -> list[dict[str, Any]]:
    """Return the entries of `licenses`."""
    return [{"id": number, "name": name, "url": url} for (name, url), number in licenses.items()]


def license_of(rights: Rights, licenses: Licenses) -> dict[str, int]:
    """Return the `license` of an image; nothing where none is stated."""
    number = licenses.get(_pair(rights))
    return {} if number is None else {"license": number}


def info_of(rights: Collection[Rights]) -> dict[str, str]:
    """Return what `info` says of all images alike."""
    found = {}
    for name, ours in _OF_FILE.items():
        said = {getattr(each, ours) for each in rights}
        if len(said) == 1 and (text := said.pop()) is not None:
            found[name] = text
    return found


def without_licence(rights: Rights) -> Rights:
    """Return what stands at an image under names of ours: all but its licence."""
    if rights.license is None and rights.license_url is None:
        return rights
    return replace(rights, license=None, license_url=None)


@dataclass(frozen=True, slots=True)
class Stated:
    """The statements of a file about its images.

    Attributes:
        of_all: the contributor and the url of its `info`, and its licence if it has but one and no
            image names any.
        by_license: the licences by their numbers.
    """

    of_all: Rights = NONE
    by_license: Mapping[Any, Rights] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any, path: str) -> "Stated":
        """Read it. An entry of `licenses` without name and url says nothing, as CVAT writes it.

        Raises:
            ValueError: a text is too long.
        """
        entries, info = document.get("licenses"), document.get("info")
        licenses = {}
        for number, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                said = {"license": entry.get("name"), "license_url": entry.get("url")}
                found = rights_in(said, f"{path}: licenses[{number}]")
                if found.license and Rights(found.license).known_license_url == found.license_url:
                    found = replace(found, license_url=None)  # As `licenses_of` has added it.
                if found and isinstance(entry.get("id"), int | str):
                    licenses[entry["id"]] = found
        said = info if isinstance(info, dict) else {}
        told = {ours: said.get(name) for name, ours in _OF_FILE.items()}
        of_all = rights_in(told, f"{path}: info")
        if len(licenses) == 1 and not _is_named(document.get("images")):
            of_all = next(iter(licenses.values())).or_else(of_all)
        return cls(of_all, licenses)

    def rights(self, image: Mapping[str, Any], place: str) -> Rights:
        """Return the rights of an image: its own, else the file's.

        The number of no entry says nothing: many tools write one, and no licences.
        """
        own = {name: text for name, text in image.items() if not name.startswith("license")}
        number = image.get("license")
        of_license = self.by_license.get(number, NONE) if isinstance(number, int | str) else NONE
        return of_license.or_else(rights_in(own, place)).or_else(self.of_all)


def _is_named(images: Any) -> bool:
    """Tell whether an image of a file names a licence: then those that do not have none."""
    named = images if isinstance(images, list) else ()
    return any(isinstance(each, dict) and each.get("license") is not None for each in named)


def _pair(rights: Rights) -> tuple[str, str]:
    return rights.license or "", rights.known_license_url or ""
