"""YAML that people write. Every YAML file is read here: nothing in one can fill the memory."""

from pathlib import Path
from typing import Any

import yaml

from vidset.regular_files import open_regular, text_of

# PyYAML takes seconds for each megabyte. What people write has some kilobytes.
_MAX_BYTES = 1 << 20
_MOST_DIGITS = 400  # The largest float has 309 before the point.


class _Loader(yaml.SafeLoader):
    """Takes neither aliases, of which a few lines make gigabytes, nor a key given twice."""

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="an alias is not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"each key must be given once, got {key.value[:60]!r} twice",
                    problem_mark=key.start_mark,
                )
            seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        _check_digits(node)
        return super().construct_yaml_int(node)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        _check_digits(node)
        return super().construct_yaml_float(node)


def _check_digits(node: yaml.ScalarNode) -> None:
    """In base 60, as in 1:30:00, each digit costs as much as all before it together."""
    if len(node.value) > _MOST_DIGITS:
        raise yaml.MarkedYAMLError(
            problem=f"a number must have at most {_MOST_DIGITS} digits, got {len(node.value):,}",
            problem_mark=node.start_mark,
        )


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


class _TextLoader(_Loader):
    """Leaves every plain value the text that it is: `no`, `1` and `1.0`."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (as PyYAML declares it)


def read_yaml(
    path: str | Path, what: str, error: type[ValueError] = ValueError, *, texts: bool = False
) -> Any:
    """Read a YAML file.

    Args:
        what: what the file should hold, for messages.
        error: the kind of ValueError to raise.
        texts: read every value as a text, in lists and objects too.

    Raises:
        ValueError: it cannot be read, is no YAML, is larger than 1 MiB, or has an alias or a key
            twice; it says where.
    """
    try:
        with open_regular(path) as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as failure:
        raise error(f"{path}: wanted {what} in YAML: {failure.strerror}") from None
    return parse_yaml(data, str(path), what, error, texts=texts)


def parse_yaml(
    data: bytes | str,
    source: str,
    what: str,
    error: type[ValueError] = ValueError,
    *,
    texts: bool = False,
) -> Any:
    """Read YAML from memory, as `read_yaml` does from a file; errors name `source`."""
    if len(data) > _MAX_BYTES:
        raise error(f"{source}: wanted {what} in YAML of at most {_MAX_BYTES:,} bytes, got more")
    try:
        text = text_of(data, source, f"{what} in YAML", error) if isinstance(data, bytes) else data
        loader = _TextLoader if texts else _Loader
        return yaml.load(text, loader)  # noqa: S506 (a subclass of the safe loader) # nosec B506
    except RecursionError:
        raise error(f"{source}: wanted {what} in YAML, got one nested too deep") from None
    # Beside its own errors: what PyYAML trips over in a tag that does not fit its value.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as failure:
        raise error(f"{source}: wanted {what} in YAML: {failure}") from None
