"""Rights: the terms on which pictures may be used, as somebody stated them.

A collector states them at the upload, a team for its place, a dataset of others in its files. They
are carried along as they were said: whether they are true, nothing here can tell.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from json import dumps, loads
from typing import Any
from urllib.parse import quote, unquote

from vidset.suggestions import did_you_mean

# What SPDX calls a licence that nobody has stated.
UNSTATED = "NOASSERTION"
# As much as Cloud Storage takes of all metadata of an object.
_MOST_CHARACTERS = 8192
_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-SA|-ND)?)-(\d\.\d)")


@dataclass(frozen=True, slots=True)
class Rights:
    """The statements about a video or an image; None: nobody said.

    Attributes:
        license: the name of the licence, best as SPDX has it, such as CC-BY-4.0.
        license_url: where its text is.
        attribution: who is to be named.
        obtained_from: where the recording or the dataset was taken from.
        consent: a reference to the consent of those who are seen, such as the number of a form.

    Raises:
        ValueError: a text is empty, has more than 8,192 characters, or one that cannot be shown.
    """

    license: str | None = None
    license_url: str | None = None
    attribution: str | None = None
    obtained_from: str | None = None
    consent: str | None = None

    def __post_init__(self) -> None:
        for name, text in self.columns().items():
            if text is None:
                continue
            if not isinstance(text, str) or not text.strip() or not text.isprintable():
                raise ValueError(f"{name}: wanted a text of one line, got {text!r:.80}")
            if len(text) > _MOST_CHARACTERS:
                raise ValueError(
                    f"{name}: wanted at most {_MOST_CHARACTERS:,} characters, got {len(text):,}"
                )

    def __bool__(self) -> bool:
        return any(self.columns().values())

    @property
    def license_to_count(self) -> str:
        """Return the name to count the licence by: its own, else its url, else NOASSERTION."""
        return self.license or self.license_url or UNSTATED

    @property
    def known_license_url(self) -> str | None:
        """Return where the licence is, also where only an id of Creative Commons is stated."""
        if self.license_url is not None or self.license is None:
            return self.license_url
        if self.license == "CC0-1.0":
            return "https://creativecommons.org/publicdomain/zero/1.0/"
        found = _COMMONS.fullmatch(self.license)
        return found and f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"

    def columns(self) -> dict[str, str | None]:
        """Return all of it by name, as tables have it."""
        return {name: getattr(self, name) for name in FIELDS}

    def told(self) -> dict[str, str]:
        """Return what is stated, by name."""
        return {name: text for name, text in self.columns().items() if text is not None}

    def or_else(self, other: "Rights") -> "Rights":
        """Return these, and what the others state of the rest. A licence and its url are one."""
        mine = self.columns()
        if self.license or self.license_url:
            other = Rights(**{**other.columns(), "license": None, "license_url": None})
        return Rights(**{**other.told(), **{n: text for n, text in mine.items() if text}})

    def to_json(self) -> str | None:
        """Return a text that is equal for equal rights; None where nothing is stated."""
        told = self.told()
        if not told:
            return None
        return dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | None) -> "Rights":
        """Take back what `to_json` did.

        Raises:
            ValueError: it is no such text.
        """
        if text is None:
            return NONE
        told = loads(text)
        if not isinstance(told, dict) or not told.keys() <= set(FIELDS):
            raise ValueError(f"wanted rights as JSON, got {text!r:.80}")
        return cls(**told)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Rights":
        """Take what somebody else's file or table says by these names; what is no text is nothing.

        Raises:
            ValueError: a text is longer than 8,192 characters.
        """
        texts = {name: _one_line(said.get(name)) for name in FIELDS}
        return cls(**texts) if any(texts.values()) else NONE

    def metadata(self) -> dict[str, str]:
        """Return what stands beside an object: ASCII, as S3 wants it, all else percent-encoded."""
        safe = " !\"#$&'()*+,/:;<=>?@[\\]^_`{|}~"
        return {name: quote(text, safe=safe) for name, text in self.told().items()}

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, Any] | None) -> "Rights":
        """Take what stands beside an object, whoever has written it."""
        told = metadata if isinstance(metadata, Mapping) else {}
        texts = {name: told.get(name) for name in FIELDS}
        return cls.of({n: unquote(text) for n, text in texts.items() if isinstance(text, str)})


FIELDS = tuple(each.name for each in fields(Rights))
NONE = Rights()


def read_rights(statements: Iterable[str]) -> Rights:
    """Read what a person typed: KEY=VALUE, each key once.

    Raises:
        ValueError: a key is unknown or there twice, or a value is no text of one line.
    """
    told: dict[str, str] = {}
    for statement in statements:
        key, equals, text = statement.partition("=")
        key, text = key.strip(), text.strip()
        if not equals or key not in FIELDS:
            near = did_you_mean(key, FIELDS)
            raise ValueError(
                f"--rights: wanted KEY=VALUE with a KEY of {', '.join(FIELDS)}; got {statement!r}."
                f"{near}"
            )
        if key in told:
            raise ValueError(f"--rights: {key}: wanted it once, got it twice")
        told[key] = text
    try:
        return Rights(**told)
    except ValueError as error:
        raise ValueError(f"--rights: {error}") from None


@dataclass(frozen=True, slots=True)
class LicenseChoice:
    """The licences that images may have; none named: any.

    Attributes:
        names: of licences or their urls; NOASSERTION is for images of which none is stated.
    """

    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names)

    def allows(self, rights: Rights) -> bool:
        """Tell whether an image of these rights may be taken. Letters' case does not matter."""
        if not self.names:
            return True
        wanted = {name.casefold() for name in self.names}
        if not (rights.license or rights.license_url):
            return UNSTATED.casefold() in wanted
        mine = (rights.license, rights.known_license_url)
        return any(text.casefold() in wanted for text in mine if text)


ANY_LICENSE = LicenseChoice()


def told_licences(counts: Mapping[str, int]) -> str:
    """Return how many images have which licence, as a text: `CC-BY-4.0 (3), NOASSERTION (1)`."""
    each = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f" and {len(each) - 20} more" if len(each) > 20 else ""
    return ", ".join(f"{name} ({number:,})" for name, number in each[:20]) + more


def _one_line(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return (
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
        or None
    )
