"""The engines that there are, by name.

Another package adds one with the entry point group `vidset.engines`:

    [project.entry-points."vidset.engines"]
    toy = "toy_engine:start"

What it names is a `Start`. See docs/engines.md.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol

from vidset.engines.engine import Engine, Limits, Open, Report
from vidset.suggestions import did_you_mean

GROUP = "vidset.engines"
LOCAL, DASK = "local", "dask"


class Start(Protocol):
    """Starts an engine on other machines.

    `address` is where it is, or None for what the engine finds by itself. It raises ValueError if
    the engine cannot do the work, and OSError if it cannot be reached.
    """

    def __call__(
        self, address: str | None, opens: Open, limits: Limits, report: Report
    ) -> Engine: ...


def _dask(address: str | None, opens: Open, limits: Limits, report: Report) -> Engine:
    from vidset.engines.dask import DaskEngine

    return DaskEngine(address, opens, limits, report)


_BUILT_IN: Mapping[str, Start] = {DASK: _dask}


def find_engine(name: str) -> Start | None:
    """Return what starts an engine; None for the worker processes of this machine.

    Raises:
        ValueError: there is no such engine.
    """
    if name == LOCAL:
        return None
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    added = entry_points(group=GROUP)
    for point in added:
        if point.name == name:
            return point.load()
    known = sorted({LOCAL, *_BUILT_IN, *(point.name for point in added)})
    raise ValueError(
        f"engine: wanted one of {', '.join(known)}, got {name!r}.{did_you_mean(name, known)}"
    )
