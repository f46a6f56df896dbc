"""Terraform's plugin protocol 5, as far as a provider that has only a schema speaks it.

Its messages are protocol buffers, of which there is no Python package: a few functions write them.
The field numbers are those of Terraform's docs/plugin-protocol/tfplugin5.proto.
"""

import json

from infra.check.provider_schema import Attribute, Block, NestedBlock, ProviderSchema

_NESTING = {"single": 1, "list": 2, "set": 3}
_SERVER_CAPABILITIES, _GET_PROVIDER_SCHEMA_OPTIONAL = 6, 2


def schema_response(schema: ProviderSchema) -> bytes:
    """The answer to GetSchema: the provider's own block, then resources and data sources.

    It says, too, that no instance of the provider has to be asked again: Terraform starts several
    for each `run` of a test, and reading so large a schema for each is half of all its work.
    """
    out = _bytes(1, _schema(schema.provider))
    for field, blocks in ((2, schema.resources), (3, schema.data_sources)):
        for name in sorted(blocks):
            out += _bytes(field, _bytes(1, name.encode()) + _bytes(2, _schema(blocks[name])))
    return out + _bytes(_SERVER_CAPABILITIES, _number(_GET_PROVIDER_SCHEMA_OPTIONAL, 1))


def prepared_config(request: bytes) -> bytes:
    """The answer to PrepareProviderConfig: the configuration that came, as it came."""
    return _bytes(1, _field(request, 1))


def _schema(block: Block) -> bytes:
    return _bytes(2, _block(block))


def _block(block: Block) -> bytes:
    attributes = b"".join(_bytes(2, _attribute(attribute)) for attribute in block.attributes)
    return attributes + b"".join(_bytes(3, _nested(nested)) for nested in block.blocks)


def _attribute(attribute: Attribute) -> bytes:
    return (
        _bytes(1, attribute.name.encode())
        + _bytes(2, json.dumps(attribute.type).encode())
        + _number(4, attribute.required)
        + _number(5, attribute.optional)
        + _number(6, attribute.computed)
    )


def _nested(nested: NestedBlock) -> bytes:
    return (
        _bytes(1, nested.name.encode())
        + _bytes(2, _block(nested.block))
        + _number(3, _NESTING[nested.nesting])
        + _number(4, nested.least)
        + _number(5, nested.most)
    )


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    """A field that is left out when it is 0, as protocol buffers do."""
    return _varint(field << 3) + _varint(value) if value else b""


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _field(message: bytes, wanted: int) -> bytes:
    """One field of a message all of whose fields are strings of bytes; b"" if it is not there."""
    position = 0
    while position < len(message):
        tag, position = _read_varint(message, position)
        size, position = _read_varint(message, position)
        if tag >> 3 == wanted:
            return message[position : position + size]
        position += size
    return b""


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[position]
        value, shift, position = value | (byte & 0x7F) << shift, shift + 7, position + 1
        if byte < 0x80:
            return value, position
