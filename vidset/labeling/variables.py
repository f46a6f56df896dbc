"""Environment variables, read and checked one by one."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from vidset.labeling.limits import Limit, parse_limits
from vidset.labeling.vendors.declaration import Variable
from vidset.secret import Secret


class Reader:
    """Reads variables and collects their faults, so that all of them are told at once."""

    def __init__(self, environment: Mapping[str, str]):
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        value = self._environment.get(name, "").strip()
        if required and not value:
            self.faults.append(f"{name} must be set")
        return value or None

    def matching(
        self, name: str, pattern: re.Pattern, wanted: str, *, required: bool = False
    ) -> str | None:
        value = self.text(name, required=required)
        if value and not pattern.fullmatch(value):
            self.faults.append(f"{name} must be {wanted}, got {value!r}")
        return value and (value.rstrip("/") or "/")

    def url(self, name: str, *, required: bool = False) -> str | None:
        value = self.text(name, required=required)
        if value and not _is_url(value):
            got = "one with @ in it" if "@" in value else repr(value)  # A password, perhaps.
            self.faults.append(f"{name} must be an http(s) url without a password, got {got}")
        return value and value.rstrip("/")

    def secret(self, name: str, *, required: bool = False) -> str | None:
        """Read a secret, whose value no message shows."""
        value = self.text(name, required=required)
        if value and (min(map(len, value.split())) < 16 or not value.isascii()):
            self.faults.append(
                f"{name} must have 16 characters or more, of ASCII: callbacks are guarded by it"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None):
        value = self.text(name, required=default is None) or default
        if value and value not in choices:
            self.faults.append(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        text = self.text(name)
        try:
            value = float(text) if text else default
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            self.faults.append(f"{name} must be a number from {least:g} to {most:g}, got {text!r}")
            return default
        return value

    def id(self, name: str, *, required: bool = False) -> int | None:
        value = self.text(name, required=required)
        if value and not (value.isascii() and value.isdigit()):
            self.faults.append(f"{name} must be a number, got {value!r}")
            return None
        return int(value) if value else None

    def variable(self, variable: Variable, *, required: bool) -> Any:
        """Read one of a vendor's own variables, as its kind says."""
        read = {
            "text": self.text,
            "key": self.text,
            "url": self.url,
            "number": self.id,
            "secret": self.secret,
        }
        value = read[variable.kind](variable.name, required=required)
        return Secret(value) if value and variable.kind in ("key", "secret") else value

    def image_access(self, name: str) -> str:
        value = self.text(name) or "signed"
        if value not in ("signed", "uri") and not ("://" in value and "{name}" in value):
            self.faults.append(
                f"{name} must be signed, uri, or an url with {{name}} in it, got {value!r}"
            )
        return value

    def limits(self, name: str) -> tuple[Limit, ...]:
        try:
            return parse_limits(self.text(name) or "")
        except ValueError as error:
            self.faults.append(f"{name}: {error}")
            return ()


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and parts.port != 0  # It raises for what is no number.
    except ValueError:
        return False
    is_open = parts.username is None and parts.password is None
    return (
        has_host and is_open and parts.scheme in ("http", "https") and not re.search(r"\s", value)
    )
