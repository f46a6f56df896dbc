"""Trackers by name: ours, and those that other packages offer as entry points."""

from importlib import import_module
from importlib.metadata import entry_points

from vidset.datasets.errors import DatasetError
from vidset.training.running.trackers.tracker import Tracker

GROUP = "vidset.trackers"
NONE = "none"
# name: (module with open_tracker, what to install)
_OURS = {
    "mlflow": ("vidset.training.running.trackers.mlflow_tracker", "mlflow-skinny"),
    "wandb": ("vidset.training.running.trackers.wandb_tracker", "wandb pillow"),
}


def open_tracker(name: str) -> Tracker | None:
    """A tracker, ready to start; None for `none`.

    An entry point of the group vidset.trackers is a function without arguments that returns one.

    Raises:
        DatasetError: there is none of this name, or its package is not installed.
    """
    if name == NONE:
        return None
    if name in _OURS:
        module, package = _OURS[name]
        try:
            return import_module(module).open_tracker()
        except ModuleNotFoundError as error:
            raise DatasetError(
                f"--track {name}: this needs pip install {package} ({error})"
            ) from None
    others = entry_points(group=GROUP)
    if name not in others.names:
        known = ", ".join([NONE, *_OURS, *sorted(others.names)])
        raise DatasetError(f"--track: no tracker {name!r}; there are: {known}")
    return others[name].load()()
