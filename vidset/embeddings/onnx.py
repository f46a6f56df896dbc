"""Any model in ONNX as an embedder: `onnx:PATH`, or `onnx:PATH?size=224&mean=...`.

The model takes float32 pictures, (n, 3, height, width) or (n, height, width, 3), and gives vectors,
or maps of features, which are averaged over the picture.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import cv2
import numpy as np

from vidset.embeddings.embedder import MOST_DIMENSIONS, unit
from vidset.regular_files import read_regular

_MOST_BYTES = 2 << 30
_DEFAULT_SIDE = 224
# Of ImageNet, for levels from 0 to 1: what most networks were trained with.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_NEAR = 0.95
_SEED = 17


@dataclass(frozen=True, slots=True)
class Preparation:
    """The preparation of pictures.

    Attributes:
        side: pixels; pictures are scaled to a square of so many, whatever their shape.
        mean, deviation: of the levels from 0 to 1, by channel.
        is_bgr: whether the channels come as BGR.
        near: see `Embedder`.
    """

    side: int = 0
    mean: tuple[float, ...] = _MEAN
    deviation: tuple[float, ...] = _DEVIATION
    is_bgr: bool = False
    near: float = _NEAR


class OnnxEmbedder:
    """A model of the user's.

    Its vectors of more than 256 numbers are projected to 256 at random, always in the same way,
    which keeps angles up to some hundredths (W. Johnson, J. Lindenstrauss, 1984).
    """

    def __init__(self, path: str, preparation: Preparation):
        data = _read(path)
        self._session = _session(data, path)
        self._layout = _Layout.of(self._session, path, preparation.side)
        self._prepared = preparation
        self.least_side, self.near = self._layout.side, preparation.near
        given = self._run([np.zeros((self._layout.side,) * 2 + (3,), np.uint8)])
        self._given = given.shape[1]
        self.dimensions = min(self._given, MOST_DIMENSIONS)
        told = hashlib.sha256(repr((preparation, self._layout.side)).encode()).hexdigest()[:8]
        self.id = f"onnx-{hashlib.sha256(data).hexdigest()[:24]}-{told}"

    def embed(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        if not pictures:
            return np.empty((0, self.dimensions), np.float32)
        # One at a time: many models have a batch of one, and their cost is the network's.
        vectors = np.concatenate([self._run([each]) for each in pictures])
        if self._given > MOST_DIMENSIONS:
            vectors = vectors @ _projection(self._given)
        return unit(vectors)

    def _run(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        side, told = self._layout.side, self._prepared
        small = [cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in pictures]
        values = np.stack(small).astype(np.float32) / 255
        values = (values - np.array(told.mean, np.float32)) / np.array(told.deviation, np.float32)
        if told.is_bgr:
            values = values[..., ::-1]
        if self._layout.is_channels_first:
            values = values.transpose(0, 3, 1, 2)
        (found,) = self._session.run(
            [self._layout.output], {self._layout.input: np.ascontiguousarray(values, np.float32)}
        )
        found = np.asarray(found, np.float32)
        if found.ndim == 4:
            found = found.mean(axis=(2, 3) if self._layout.is_channels_first else (1, 2))
        return found.reshape(len(pictures), -1)


@dataclass(frozen=True, slots=True)
class _Layout:
    input: str
    output: str
    side: int
    is_channels_first: bool

    @classmethod
    def of(cls, session: Any, path: str, side: int) -> "_Layout":
        inputs, outputs = session.get_inputs(), session.get_outputs()
        shape = inputs[0].shape
        if len(inputs) != 1 or len(shape) != 4 or 3 not in (shape[1], shape[3]):
            got = ", ".join(f"{each.name} {each.shape}" for each in inputs)
            raise ValueError(f"{path}: wanted a model with one picture of 3 channels, got {got}")
        is_first = shape[1] == 3
        fixed = [each for each in (shape[2:] if is_first else shape[1:3]) if isinstance(each, int)]
        if side and fixed and fixed != [side, side]:
            raise ValueError(f"{path}: wanted size={fixed[0]}, as the model has it, got {side}")
        if len(set(fixed)) > 1:
            raise ValueError(f"{path}: wanted a model of square pictures, got {shape}")
        chosen = fixed[0] if fixed else side or _DEFAULT_SIDE
        return cls(inputs[0].name, outputs[0].name, chosen, is_first)


def open_embedder(told: str) -> OnnxEmbedder:
    """Open `PATH`, or `PATH?size=224&mean=0,0,0&deviation=1,1,1&bgr=yes&near=0.9`.

    Raises:
        ValueError: there is no such model, it is none, or an option is unknown.
    """
    path, _, query = told.partition("?")
    if not path:
        raise ValueError("embedder onnx: wanted onnx:PATH, got no path")
    return OnnxEmbedder(path, _preparation(query))


def _preparation(query: str) -> Preparation:
    values: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        try:
            if name == "size":
                values["side"] = int(text)
            elif name in ("mean", "deviation"):
                numbers = tuple(float(each) for each in text.split(","))
                if len(numbers) != 3 or (name == "deviation" and min(numbers) <= 0):
                    raise ValueError
                values[name] = numbers
            elif name == "bgr":
                values["is_bgr"] = {"yes": True, "no": False}[text]
            elif name == "near":
                values["near"] = float(text)
            else:
                raise ValueError(
                    f"embedder onnx: wanted size, mean, deviation, bgr or near, got {name!r}"
                )
        except (KeyError, ValueError) as error:
            if "wanted" in str(error):
                raise
            raise ValueError(f"embedder onnx: {name}={text!r} is no value for {name}") from None
    found = Preparation(**values)
    if not 0 <= found.side <= 2048 or not 0 < found.near <= 1:
        raise ValueError(
            "embedder onnx: wanted a size up to 2048 and near above 0 and at most 1, got "
            f"{found.side} and {found.near}"
        )
    return found


def _read(path: str) -> bytes:
    try:
        return read_regular(Path(path).expanduser(), _MOST_BYTES)
    except OSError as error:
        raise ValueError(f"embedder onnx: {path}: {error.strerror or error}") from None


def _session(data: bytes, path: str) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    # A worker process for each core: threads of its own would only get in the others' way.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # Its errors have no base of their own.
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path}: wanted a model in ONNX: {first[:200]}") from None


@cache
def _projection(dimensions: int) -> np.ndarray:
    """Return a (dimensions, 256) matrix: normal, always the same."""
    random = np.random.Generator(np.random.PCG64(_SEED))
    found = random.standard_normal((dimensions, MOST_DIMENSIONS)) / np.sqrt(MOST_DIMENSIONS)
    return found.astype(np.float32)
