"""Small models in ONNX, written byte by byte.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from collections.abc import Sequence

_FLOAT, _OPSET = 1, 13


def model(
    nodes: Sequence[tuple[str, Sequence[str], Sequence[str]]],
    inputs: dict[str, Sequence[int]],
    outputs: dict[str, Sequence[int]],
) -> bytes:
    """Return a model of nodes (operator, inputs, outputs) without attributes."""
    graph = b"".join(
        _field(
            1,
            b"".join(_text(1, each) for each in given)
            + b"".join(_text(2, each) for each in made)
            + _text(4, operator),
        )
        for operator, given, made in nodes
    )
    graph += _text(2, "g")
    graph += b"".join(_field(11, _value(*each)) for each in inputs.items())
    graph += b"".join(_field(12, _value(*each)) for each in outputs.items())
    return _number(1, 8) + _field(7, graph) + _field(8, _text(1, "") + _number(2, _OPSET))


def average_model(side: int = 8, channels: int = 3) -> bytes:
    """The mean of each channel, as a map of one pixel."""
    shape = [1, channels, side, side]
    nodes = [("GlobalAveragePool", ["picture"], ["means"])]
    return model(nodes, {"picture": shape}, {"means": [1, channels, 1, 1]})


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _number(1, each)) for each in shape)
    tensor = _number(1, _FLOAT) + _field(2, dims)
    return _text(1, name) + _field(2, _field(1, tensor))


def _varint(value: int) -> bytes:
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())
