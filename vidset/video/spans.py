"""The parts of videos to sample, where not all of them is wanted.

A JSON file, as `vidset errors --spans` writes it:

    {"spans": [{"video_uri": "gs://uploads/a.mp4", "start_seconds": 12.0, "end_seconds": 18.5}]}
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from vidset.json_files import read_json

Spans = tuple[tuple[Fraction, Fraction], ...]
"""First and last second, both belong to it; ascending, without overlap."""


def read_spans(path: str) -> dict[str, Spans]:
    """Reads spans by video uri.

    Raises:
        ValueError: it is no such file; it says what is wrong with which span.
    """
    try:
        given = read_json(path, "spans", parse_float=Fraction)
    except ValueError as error:
        raise ValueError(f"--spans {error}") from None
    spans = given.get("spans") if isinstance(given, dict) else None
    if not isinstance(spans, list) or not spans:
        raise ValueError(f'--spans {path}: wanted {{"spans": [...]}} with at least one span')
    found: dict[str, list[tuple[Fraction, Fraction]]] = {}
    for number, span in enumerate(spans):
        try:
            uri, start, end = _span(span)
        except ValueError as error:
            raise ValueError(f"--spans {path}: span {number}: {error}") from None
        found.setdefault(uri, []).append((start, end))
    return {uri: _joined(parts) for uri, parts in found.items()}


def _span(given: Any) -> tuple[str, Fraction, Fraction]:
    if not isinstance(given, Mapping) or not isinstance(given.get("video_uri"), str):
        raise ValueError(f"wanted a video_uri, got {given!r}")
    start, end = (_seconds(given.get(name)) for name in ("start_seconds", "end_seconds"))
    if not 0 <= start <= end:
        raise ValueError(
            f"wanted 0 <= start_seconds <= end_seconds, got {float(start):g} and {float(end):g}"
        )
    return given["video_uri"], start, end


def _seconds(given: Any) -> Fraction:
    if isinstance(given, bool) or not isinstance(given, int | Fraction):
        raise ValueError("wanted start_seconds and end_seconds as numbers")
    return Fraction(given)


def _joined(parts: list[tuple[Fraction, Fraction]]) -> Spans:
    joined: list[tuple[Fraction, Fraction]] = []
    for start, end in sorted(parts):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
