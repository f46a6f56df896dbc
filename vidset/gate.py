"""The privacy gate of a place: whether images are sent and shown only as blurred copies.

`PLACE/privacy.json` turns it on, and says what is blurred by which detectors. The copies lie below
`PLACE/blurred/`, or in a place of their own, which may be given to people and programs that must
not read originals: then the file says where they are, the rules stand in the `privacy.json` there,
and that names the place of the originals in turn. Such copies have the names that their originals
have in their place, and what is there was checked: nothing else is.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vidset.json_files import parse_json
from vidset.storage.open import open_store
from vidset.storage.uris import is_uri, parse_uri

FILE, ORIGINALS, COPIES, RECORDS = "privacy.json", "images", "blurred", "blurs"
METHODS = ("mosaic", "solid")
_FORMAT = 1
_WHAT = "what is blurred in this place"


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of a place's copies.

    Attributes:
        detectors: their ids, which name model and version by content.
        method: one of METHODS.
        copies: the gs:// or s3:// place of the copies; None where they are in the place itself.
    """

    detectors: tuple[str, ...]
    method: str = METHODS[0]
    copies: str | None = None

    def __post_init__(self) -> None:
        if not self.detectors:
            raise ValueError("wanted at least one detector, got none")
        if self.method not in METHODS:
            raise ValueError(f"wanted one of {', '.join(METHODS)}, got {self.method!r}")

    @property
    def id(self) -> str:
        """32 hex digits: equal for gates that make equal copies, wherever these are."""
        told = json.dumps([list(self.detectors), self.method])
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def read_gate(place: str) -> Gate | None:
    """Read a place's gate; None where there is none.

    Raises:
        ValueError: the file is damaged, the copies' place has no rules yet, or it has the copies of
            another place: nothing may be sent then.
    """
    told = _told(place)
    if told is None:
        return None
    copies = _copies_in(place, told)
    if copies is None:
        if "originals" in told:
            raise ValueError(f"{place} has the copies of {told['originals']}: name that place")
        return _gate(place, told, None)
    rules = _told(copies)
    if rules is None:
        raise ValueError(
            f"{place}: its images are sent and shown as the copies in {copies}, which has none "
            "yet; vidset blur makes them"
        )
    if rules.get("originals") != place:
        raise ValueError(
            f"{copies}: wanted the copies of {place}, got those of {rules.get('originals')!r}"
        )
    return _gate(copies, rules, copies)


def present_gate(place: str) -> Gate | None:
    """Read a place's gate, for whoever makes copies: None also where there are no rules yet.

    Raises:
        ValueError: as `read_gate` does.
    """
    copies = copies_elsewhere(place)
    return None if copies is not None and not has_gate(copies) else read_gate(place)


def has_gate(place: str) -> bool:
    """Return whether there is a `privacy.json`, whatever it says."""
    return _told(place) is not None


def copies_elsewhere(place: str) -> str | None:
    """Return the place that `PLACE/privacy.json` names for the copies; None where it names none.

    Raises:
        ValueError: the file is damaged.
    """
    told = _told(place)
    return None if told is None else _copies_in(place, told)


def put_gate(place: str, gate: Gate) -> None:
    """Write the gate's file, or, where copies lie elsewhere, both of its files."""
    rules = {"format": _FORMAT, "detectors": list(gate.detectors), "method": gate.method}
    if gate.copies is None:
        _put(place, rules)
        return
    # First the one that holds everything back as long as there are no rules. Whoever makes the
    # copies may have no right to write it, and need none: then it is there.
    if copies_elsewhere(place) != gate.copies:
        _put(place, {"format": _FORMAT, "copies": gate.copies})
    _put(gate.copies, {**rules, "originals": place})


def check_copies_place(place: str, copies: str) -> None:
    """Check that a place may have its copies there.

    Raises:
        ValueError: one of them is a folder, one lies in the other, they are in different kinds of
            stores, or there is something else.
    """
    if not (is_uri(place) and is_uri(copies)):
        raise ValueError(f"wanted places in buckets, got images in {place} and copies in {copies}")
    if parse_uri(place).scheme != parse_uri(copies).scheme:
        raise ValueError(f"wanted copies in a store as that of {place}, got {copies}")
    if f"{copies}/".startswith(f"{place}/") or f"{place}/".startswith(f"{copies}/"):
        raise ValueError(f"wanted copies in another place than {place}, got {copies}")
    told = _told(copies)
    if told is None and next(iter(open_store(copies).list()), None) is not None:
        raise ValueError(f"{copies}: wanted an empty place for copies, got one with other things")
    if told is not None and told.get("originals") != place:
        raise ValueError(f"{copies}: wanted a place for the copies of {place}, got another's")


def _copies_in(place: str, told: Mapping[str, Any]) -> str | None:
    copies = told.get("copies")
    if copies is None:
        return None
    if not isinstance(copies, str) or not is_uri(copies):
        raise ValueError(f"{place}/{FILE} is damaged: wanted the uri of copies, got {copies!r}")
    return copies.rstrip("/")


def _told(place: str) -> dict[str, Any] | None:
    store = open_store(place)
    try:
        data = store.read(FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    name = store.uri(FILE)
    read = parse_json(data, name, _WHAT)
    try:
        if read["format"] != _FORMAT:
            raise ValueError(f"{name}: wanted format {_FORMAT}, got {read['format']!r}")
    except (KeyError, TypeError):
        raise ValueError(f"{name} is damaged: wanted {_WHAT}") from None
    return read


def _gate(place: str, told: Mapping[str, Any], copies: str | None) -> Gate:
    try:
        detectors = tuple(told["detectors"])
        if not all(isinstance(each, str) for each in detectors):
            raise TypeError
        return Gate(detectors, told["method"], copies)
    except (KeyError, TypeError):
        raise ValueError(f"{place}/{FILE} is damaged: wanted {_WHAT}") from None


def _put(place: str, told: Mapping[str, Any]) -> None:
    text = json.dumps(told, indent=2) + "\n"
    open_store(place).put(FILE, text.encode(), "application/json")
