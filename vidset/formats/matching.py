"""Find the names that other tools' files mean among the names that there are.

Tools put folders before a name or leave them out, write letters in another form, and add parts of
their own. A name is only taken where one alone can be meant.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal, get_args

from vidset.formats.names import flat_name

Match = Literal["exact", "path", "longest"]
MATCHES: tuple[Match, ...] = get_args(Match)
"""The part of a path that has to agree: all of it; the whole of the shorter one; or as much as can
be had, where one name has more of it than all others."""
# Roboflow adds the extension and a hash, Label Studio's uploads have eight digits before the name.
_ROBOFLOW = re.compile(
    r"^(.+)_(jpe?g|png|bmp|webp|tiff?)\.rf\.[0-9A-Za-z]{8,}\.\w+$", re.IGNORECASE
)
_UPLOAD = re.compile(r"^[0-9a-f]{8}-(.+)$")
# Folders of a dataset's layout, which say nothing of an image.
_LAYOUT = re.compile(
    r"images|data|train\d*|training|val\d*|valid|validation|test\d*|testing|"
    r"obj_(train|valid|test)_data|JPEGImages",
    re.IGNORECASE,
)


class Names:
    """Names below a folder, with `/` between their segments. It takes some 1 kB for a name."""

    def __init__(self, names: Iterable[str]):
        self.all = list(names)
        self._exact = set(self.all)

    def find(self, told: str, how: Match = "path") -> str | None:
        """The name that is meant; None where there is none, or several could be."""
        if told in self._exact:
            return told
        if how == "exact":
            return None
        for name in _forms(told):
            found = self._by_path(name)
            if found is None and how == "longest":
                found = self._by_longest(name)
            if found is not None:
                return found
        for name in filter(None, map(without_layout, _forms(told))):
            found = self._by_path(name)
            # In another part of a dataset, it is another image.
            if found is not None and not any(map(_LAYOUT.fullmatch, found.split("/"))):
                return found
        return self._flat.get(_folded(PurePosixPath(told).name))

    def candidates(self, told: str) -> list[str]:
        """The names with the same last segment, whatever stands before it."""
        return next((found for name in _forms(told) if (found := self._ending_as(name))), [])

    def _by_path(self, told: str) -> str | None:
        """One whose path ends with the other's. Letters as they are go before folded ones."""
        segments = told.split("/")
        for start in range(len(segments)):  # The longest first: it says most.
            name = "/".join(segments[start:])
            if name in self._exact:
                return name
        same = self._ending_as(told)
        for key in (str, _folded):
            wanted = f"/{key(told)}"
            found = [n for n in same if _is_end(key(n), key(told)) or _ends(key(n), wanted)]
            longest = max((len(n) for n in found if _is_end(key(n), key(told))), default=0)
            # Of names that are an end of what was told, the longest says most.
            found = [n for n in found if len(n) == longest] if longest else found
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return None

    def _by_longest(self, told: str) -> str | None:
        lengths = {name: _common(name, told) for name in self._ending_as(told)}
        most = max(lengths.values(), default=0)
        best = [name for name, length in lengths.items() if length == most]
        return best[0] if len(best) == 1 else None

    def _ending_as(self, told: str) -> list[str]:
        base = PurePosixPath(told).name
        # FiftyOne and label files of YOLO leave the extension out.
        return self._by_base.get(_folded(base)) or self._by_stem.get(_folded(base), [])

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.all:
            found.setdefault(_folded(PurePosixPath(name).name), []).append(name)
        return found

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.all:
            found.setdefault(_folded(PurePosixPath(name).stem), []).append(name)
        return found

    @cached_property
    def _flat(self) -> dict[str, str]:
        """Exports of ours for formats without folders."""
        return {_folded(flat_name(name)): name for name in self.all if "/" in name}


def _forms(told: str) -> Iterator[str]:
    """The name as it was told, and without what some tools add to it."""
    yield told
    folder, _, base = told.rpartition("/")
    before = f"{folder}/" if folder else ""
    if match := _ROBOFLOW.match(base):
        yield f"{before}{match[1]}.{match[2]}"
    if match := _UPLOAD.match(base):
        yield f"{before}{match[1]}"
        yield match[1]  # The folder of an upload is Label Studio's own.


def without_layout(told: str) -> str | None:
    """The name below the folders of a dataset's layout; None where it begins with none."""
    parts = told.split("/")
    start = next((n for n, part in enumerate(parts) if not _LAYOUT.fullmatch(part)), len(parts))
    return "/".join(parts[start:]) if 0 < start < len(parts) else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _is_end(name: str, told: str) -> bool:
    """Returns whether `told` ends with all of `name`, which may lack its extension."""
    return f"/{told}".endswith(f"/{name}") or f"/{told}".endswith(
        f"/{PurePosixPath(name).with_suffix('')}"
    )


def _ends(name: str, wanted: str) -> bool:
    """Returns whether a name ends as was told, with its extension or without."""
    return f"/{name}".endswith(wanted) or f"/{PurePosixPath(name).with_suffix('')}".endswith(wanted)


def _common(one: str, other: str) -> int:
    """Returns how many segments two paths have in common, from the end on."""
    pairs = zip(
        reversed(_folded(one).split("/")), reversed(_folded(other).split("/")), strict=False
    )
    number = 0
    for first, second in pairs:
        if first != second and number:
            break
        number += 1
    return number
