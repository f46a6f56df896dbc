"""The pixels of a decoded frame: upright, in RGB or as a small luma picture. Part of `decoding`."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from vidset.video.hdr import ToneMapper, is_hdr

# Formats with a plane of 8 bits for luma and each colour difference: taken without a conversion.
_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"})
# Luma in limited range has 219 steps from black (16) to white (ITU-R BT.601 and BT.709).
_FULL_RANGE = np.clip((np.arange(256) - 16) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
# Formats with more than 8 bits and fewer chroma than luma samples.
_DEEP_SUBSAMPLED = frozenset({"yuv420p10le", "yuv422p10le", "yuv420p12le", "yuv422p12le"})
# ITU-T H.273 MatrixCoefficients that FFmpeg's scaler converts; it refuses to try the others.
_MATRICES = frozenset({0, 1, 2, 4, 5, 6, 7, 9})
_TINY = 16
_UNSPECIFIED, _BT2020, _BT2020_CONSTANT_LUMINANCE = 2, 9, 10


class Scalers:
    """The scalers that the frames of a video share.

    A scaler for each target, since FFmpeg sets one up again whenever its target changes. And how
    frames are turned, by their rotation, which is not to be read of each frame.
    """

    __slots__ = ("_turns", "bgr", "planar", "tones")

    def __init__(self) -> None:
        self.tones = ToneMapper()
        self.bgr, self.planar = VideoReformatter(), VideoReformatter()
        self._turns: dict[int, _Turn] = {}

    def turn(self, frame: VideoFrame) -> "_Turn":
        if frame.rotation not in self._turns:
            self._turns[frame.rotation] = _turn(frame)
        return self._turns[frame.rotation]


class Frame(Protocol):
    """A sample, decoded by this process or by another."""

    @property
    def pts_seconds(self) -> float: ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def rotation(self) -> int: ...

    def luma(self, max_width: int) -> np.ndarray: ...

    def chroma(self, max_width: int) -> np.ndarray: ...

    def rgb(self) -> np.ndarray: ...

    def digest(self) -> tuple[str, bytes]:
        """Returns what tells pixels apart: the kind of the digest, and its value."""
        ...

    def original(self) -> "DecodedFrame":
        """The frame with all of its pixels, which may have to be decoded once more."""
        ...

    def same_pixels(self, other: Any) -> bool:
        """Returns whether nothing at all differs from another frame of the same size."""
        ...


class DecodedFrame:
    """A decoded picture. Pixels are converted when asked for: most samples are dropped unseen.

    Attributes:
        pts_seconds: counts from the first frame shown.
        width, height: of the upright picture.
    """

    __slots__ = ("_frame", "_scalers", "_turn", "height", "pts_seconds", "width")

    def __init__(self, frame: VideoFrame, pts_seconds: float, scalers: Scalers):
        _set_known_matrix(frame)
        self._turn = scalers.turn(frame)
        if is_hdr(frame):
            frame = scalers.tones.map(frame)
        self._frame, self._scalers = frame, scalers
        self.pts_seconds = pts_seconds
        size = frame.width, frame.height
        self.width, self.height = size[::-1] if self._turn.transpose else size

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which the stored picture is turned for display."""
        turn = self._turn
        if turn.transpose:
            return 90 if turn.flip_x else 270
        return 180 if turn.flip_x and turn.flip_y else 0

    def rgb(self) -> np.ndarray:
        """(height, width, 3) uint8 RGB. A view of BGR memory, which OpenCV encodes as it is."""
        frame = self._frame
        if frame.format.name in _DEEP_SUBSAMPLED:
            frame = _unsited(frame)
        # Nothing is scaled but the chroma, and that as the ffmpeg command does unless told.
        bgr = self._scalers.bgr.reformat(
            frame, format="bgr24", interpolation=Interpolation.BICUBIC, threads=1
        )
        return self._turn.apply(bgr.to_ndarray())[..., ::-1]

    def luma(self, max_width: int) -> np.ndarray:
        """(h, w) uint8 in full range, upright: halved, by averaging, until w <= max_width.

        The width is that of the stored picture; for one turned by 90 degrees it is the height.
        """
        planar = self._planar()
        luma = _halved(_samples(planar.planes[0]), max_width)
        if not (planar.format.name[:4] == "yuvj" or planar.color_range == ColorRange.JPEG):
            luma = cv2.LUT(luma, _FULL_RANGE)
        # A copy in any case: the decoder will write to the plane again.
        return np.array(self._turn.apply(luma), order="C")

    def chroma(self, max_width: int) -> np.ndarray:
        """(h, w, 2) uint8, the two colour differences, upright; halved as `luma` is."""
        planes = (_halved(_samples(plane), max_width) for plane in self._planar().planes[1:3])
        return np.array(self._turn.apply(cv2.merge(list(planes))), order="C")

    def _planar(self) -> VideoFrame:
        """Converts to planes of 8 bits."""
        if self._frame.format.name in _PLANAR:
            return self._frame
        return self._scalers.planar.reformat(
            self._frame, format="yuv420p", dst_color_range=ColorRange.MPEG, threads=1
        )

    def original(self) -> "DecodedFrame":
        return self

    def digest(self) -> tuple[str, bytes]:
        frame = self._frame
        if frame.format.name not in _PLANAR:
            return "rgb", sha256(self.rgb().tobytes()).digest()
        planes = sha256()
        for plane in frame.planes:
            planes.update(_samples(plane).tobytes())
        return frame.format.name, planes.digest()

    def same_pixels(self, other: Frame) -> bool:
        """Returns whether nothing differs, colours included, at full size. Sizes must be equal."""
        a, b = self._frame, other.original()._frame
        if a.format.name != b.format.name or a.format.name not in _PLANAR:
            return np.array_equal(self.rgb(), other.rgb())
        return all(map(np.array_equal, map(_samples, a.planes), map(_samples, b.planes)))


def _unsited(frame: VideoFrame) -> VideoFrame:
    """A copy that does not say where its chroma samples stand: between those of luma, or on them.

    If it does, FFmpeg moves them, but not if they have 8 bits: the colours of sharp edges would
    differ, by up to 100 levels, from the ffmpeg command's and from those of the same video in 8.
    """
    copy = VideoFrame(frame.width, frame.height, frame.format.name)
    copy.colorspace, copy.color_range = frame.colorspace, frame.color_range
    for planes in zip(copy.planes, frame.planes, strict=True):
        ours, theirs = (
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            for plane in planes
        )
        width = min(ours.shape[1], theirs.shape[1])
        ours[:, :width] = theirs[: len(ours), :width]
    return copy


def _halved(plane: np.ndarray, max_width: int) -> np.ndarray:
    while plane.shape[1] > max_width:
        width, height = plane.shape[1] // 2, max(1, plane.shape[0] // 2)
        plane = cv2.resize(
            plane[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA
        )
    return plane


def _samples(plane: VideoPlane) -> np.ndarray:
    """(height, width) of an 8-bit plane, without the padding of its lines."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


@dataclass(frozen=True, slots=True)
class _Turn:
    """The turn of a stored picture for display: transposed first, then flipped."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def apply(self, picture: np.ndarray) -> np.ndarray:
        if self.transpose:
            picture = picture.swapaxes(0, 1)
        if self.flip_y:
            picture = picture[::-1]
        return picture[:, ::-1] if self.flip_x else picture


_UPRIGHT = _Turn()
# By the degrees clockwise that the picture is turned.
_TURNS = {
    90: _Turn(transpose=True, flip_x=True),
    180: _Turn(flip_x=True, flip_y=True),
    270: _Turn(transpose=True, flip_y=True),
}


def _set_known_matrix(frame: VideoFrame) -> None:
    """Give a frame of a matrix that the scaler refuses the one that the ffmpeg command takes."""
    if frame.colorspace not in _MATRICES:
        is_2020 = frame.colorspace == _BT2020_CONSTANT_LUMINANCE
        frame.colorspace = _BT2020 if is_2020 else _UNSPECIFIED


def side_data_of(frame: VideoFrame) -> Mapping[str, Any]:
    """Return a frame's side data, read from a tiny copy, which has the same.

    PyAV ties a frame whose side data are read to itself. It would wait for the garbage collector,
    and with it all memory of its decoder's frames: tens of megabytes for each video.

    Raises:
        ValueError: there is a kind that PyAV does not know.
    """
    _set_known_matrix(frame)
    tiny = frame.reformat(_TINY, _TINY, "bgr24", interpolation=Interpolation.POINT, threads=1)
    return cast(Mapping[str, Any], tiny.side_data)


def _turn(frame: VideoFrame) -> _Turn:
    """Reads the matrix of ISO/IEC 14496-12, 6.2.2: x' = a x + c y + e, y' = b x + d y + f."""
    try:
        side_data = side_data_of(frame)
    except ValueError:  # Beside it there is a kind of side data that PyAV does not know.
        return _TURNS.get(-frame.rotation % 360, _UPRIGHT)
    if "DISPLAYMATRIX" not in side_data:
        return _UPRIGHT
    matrix = np.frombuffer(side_data["DISPLAYMATRIX"], np.int32)
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    if abs(b) + abs(c) > abs(a) + abs(d):  # Nearer to a quarter turn than to none.
        return _Turn(transpose=True, flip_x=c < 0, flip_y=b < 0)
    return _Turn(flip_x=a < 0, flip_y=d < 0)
