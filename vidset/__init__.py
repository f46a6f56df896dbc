"""Uploaded videos become a labeled, versioned, queryable image dataset.

What `__all__` names is public: docs/python.md says what each does, and it stays as it is from one
release to the next. All else may change. Nothing is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidset.api.place import Place, Table
    from vidset.api.place import open_place as open  # noqa: A004
    from vidset.api.running import extract, train
    from vidset.api.versions import open_dataset as dataset
    from vidset.datasets.reading.dataset import Dataset, StreamedImage
    from vidset.datasets.reading.stream import Shard
    from vidset.datasets.versions.entry import Entry

__all__ = [
    "Dataset",
    "Entry",
    "Place",
    "Shard",
    "StreamedImage",
    "Table",
    "dataset",
    "extract",
    "open",
    "train",
]

# name: (module, its name there)
_PUBLIC = {
    "Dataset": ("vidset.datasets.reading.dataset", "Dataset"),
    "Entry": ("vidset.datasets.versions.entry", "Entry"),
    "Place": ("vidset.api.place", "Place"),
    "Shard": ("vidset.datasets.reading.stream", "Shard"),
    "StreamedImage": ("vidset.datasets.reading.dataset", "StreamedImage"),
    "Table": ("vidset.api.place", "Table"),
    "dataset": ("vidset.api.versions", "open_dataset"),
    "extract": ("vidset.api.running", "extract"),
    "open": ("vidset.api.place", "open_place"),
    "train": ("vidset.api.running", "train"),
}


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'vidset' has no attribute {name!r}")
    from importlib import import_module

    module, its_name = _PUBLIC[name]
    found = getattr(import_module(module), its_name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
