"""The detectors that there are, by name: `NAME` or `NAME:WHAT`, such as `faces:centerface.onnx`.

Another package adds one with the entry point group `vidset.detectors`:

    [project.entry-points."vidset.detectors"]
    plates = "plate_finder:open_detector"

What it names takes what stands behind the colon, or "", and returns a `Detector`; it raises
ValueError if that is not what it needs.
"""

import re
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points

from vidset.privacy.detector import Detector
from vidset.suggestions import did_you_mean

GROUP = "vidset.detectors"
_BUILT_IN = {"faces": "vidset.privacy.centerface:open_detector"}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def open_detector(named: str) -> Detector:
    """Open a detector by what a user typed.

    Raises:
        ValueError: there is no such detector, or it cannot be opened.
    """
    name, _, told = named.partition(":")
    detector = _find(name)(told)
    if not _ID.fullmatch(detector.id):
        raise ValueError(
            f"detector {named!r}: wanted an id of letters and digits, got {detector.id!r}"
        )
    return detector


def _find(name: str) -> Callable[[str], Detector]:
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return getattr(import_module(module), attribute)
    added = entry_points(group=GROUP)
    for point in added:
        if point.name == name:
            return point.load()
    known = sorted({*_BUILT_IN, *(point.name for point in added)})
    raise ValueError(
        f"--blur: wanted one of {', '.join(known)}, got {name!r}.{did_you_mean(name, known)}"
    )
