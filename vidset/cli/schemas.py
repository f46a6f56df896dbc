"""The JSON schemas of what --json prints, made from the types that commands name.

Only the docs and the tests need them: they take pydantic, which commands do not import.
"""

from typing import Any

from vidset.cli.results import result_type

_NEXT = {
    "anyOf": [{"type": "string"}, {"type": "null"}],
    "description": "The command that makes sense next, ready to copy.",
}
ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["code", "message", "hint"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}


def schema_of(command: Any) -> dict[str, Any] | None:
    """Return the JSON schema of a command's object; None if it has named no type."""
    found = result_type(command)
    if found is None:
        return None
    from pydantic import TypeAdapter

    schema = TypeAdapter(found).json_schema(mode="serialization")
    properties = schema.setdefault("properties", {})
    # A field with a default is printed all the same.
    schema["required"] = [*properties, "next"]
    properties["next"] = _NEXT
    schema["additionalProperties"] = False
    return schema
