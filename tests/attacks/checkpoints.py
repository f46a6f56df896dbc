"""Weights of a stranger: programs, zip bombs and sizes that are not there."""

import io
import pickle
import zipfile
from collections.abc import Mapping

from tests.attacks.special import SPECIAL, Attack, written


class _Program:
    def __reduce__(self):
        return print, ("\x1b]0;it ran\x07",)


def _pickled() -> bytes:
    return pickle.dumps({"weights": _Program()})


def _zipped(pickled: bytes, data: bytes = b"") -> bytes:
    """A file as torch.save writes it."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
        if data:
            archive.writestr("archive/data/0", data)
    return sink.getvalue()


def _bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("archive/data.pkl", "w", force_zip64=True) as file:
            for _ in range(4000):
                file.write(bytes(1 << 20))
        archive.writestr("archive/version", "3\n")
    return sink.getvalue()


def _zeros() -> bytes:
    """Zeros, whose one value stands for four thousand million."""
    import torch

    sink = io.BytesIO()
    torch.save({"weights": {"w": torch.zeros(1).expand(4_000_000_000)}, "epoch": 1}, sink)
    return sink.getvalue()


CHECKPOINTS: Mapping[str, Attack] = {
    "a program": written(_pickled),
    "a program in a zip": written(lambda: _zipped(_pickled())),
    "a zip bomb": written(_bomb),
    "one value for many": written(_zeros),
    "another shape": written(lambda: _zipped(pickle.dumps({"weights": [1, 2, 3]}))),
    **SPECIAL,
}
