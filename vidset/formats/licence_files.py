"""LICENSE and rights.jsonl beside exported images: what is stated of them, in all and of each."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from vidset.formats.origin import rights_in
from vidset.json_files import parse_json
from vidset.regular_files import read_regular
from vidset.rights import ANY_LICENSE, LicenseChoice, Rights, told_licences

SUMMARY, PER_IMAGE = "LICENSE", "rights.jsonl"
_MOST_LINES = 100
_MOST_BYTES = 1 << 30
_HEAD = """\
The images in this folder, as far as anybody has stated their rights. rights.jsonl names the images
one by one. vidset has carried these statements along, and cannot tell whether they are true.
"""


class LicenceFiles:
    """Both files, in one folder. Where nothing is stated of any image, neither is written.

    An export that was limited to some licences always has LICENSE, which says what was left out.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._counts: Counter[Rights] = Counter()
        self._images: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._images is not None:
            self._images.close()

    def add(self, image: str, rights: Rights) -> None:
        """Note an image by its name in the export."""
        self._counts[rights] += 1
        if rights:
            if self._images is None:
                self._images = (self._folder / PER_IMAGE).open("w", encoding="utf-8")
            line = json.dumps({"image": image, **rights.told()}, ensure_ascii=False)
            self._images.write(f"{line}\n")

    def finish(
        self, wanted: LicenseChoice = ANY_LICENSE, others: Mapping[str, int] | None = None
    ) -> None:
        """Write the summary, once all images are noted.

        Args:
            wanted: the licences that the export was limited to.
            others: how many images were left out for their licences, by these.
        """
        if any(self._counts) or wanted:
            text = summary(self._counts)
            if wanted:
                text += f"\n{_limits(wanted, others or {})}\n"
            (self._folder / SUMMARY).write_text(text, encoding="utf-8")


def read_per_image(folder: Path) -> dict[str, Rights]:
    """Read the rights.jsonl of an export: what is stated of each image, by its name there.

    Raises:
        ValueError: a line of it states nothing of an image.
    """
    path = folder / PER_IMAGE
    try:
        lines = read_regular(path, _MOST_BYTES).splitlines()
    except FileNotFoundError:
        return {}
    found = {}
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        said = parse_json(line, where, "the rights of an image")
        if not isinstance(said, dict) or not isinstance(said.get("image"), str):
            raise ValueError(f"{where}: wanted the rights of an image, got {line[:100]!r}")
        found[said["image"]] = rights_in(said, where)
    return found


def _limits(wanted: LicenseChoice, others: Mapping[str, int]) -> str:
    left_out = told_licences(others) if others else "none"
    return f"Only images of {', '.join(wanted.names)} were asked for. Left out: {left_out}."


def summary(counts: Counter[Rights]) -> str:
    """Return the text of LICENSE: each licence with its images, and who is to be named."""
    by_licence: dict[tuple[str, str], Counter[Rights]] = {}
    for rights, number in counts.items():
        key = (rights.license or rights.license_url or "", rights.known_license_url or "")
        by_licence.setdefault(key, Counter())[rights] += number
    parts = [_HEAD]
    for (name, url), images in sorted(by_licence.items(), key=lambda each: (not each[0][0], each)):
        lines = [f"{name}: {_images(images.total())}" if name else _unstated(images.total())]
        lines += [f"  {url}"] if url and url != name else []
        for said, heading in (("attribution", "by"), ("obtained_from", "from")):
            lines += _who(images, said, heading)
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _who(images: Counter[Rights], said: str, heading: str) -> list[str]:
    named: Counter[str] = Counter()
    for rights, number in images.items():
        if text := getattr(rights, said):
            named[text] += number
    lines = [f"  {heading} {text}: {_images(named[text])}" for text in sorted(named)]
    more = len(lines) - _MOST_LINES
    return (
        [*lines[:_MOST_LINES], f"  {heading} {more} others: see {PER_IMAGE}"] if more > 0 else lines
    )


def _images(number: int) -> str:
    return f"{number:,} image{'s' * (number != 1)}"


def _unstated(number: int) -> str:
    return f"No licence is stated: {_images(number)}"
