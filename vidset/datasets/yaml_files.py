"""YAML files that people write: what is written twice, or refers to itself, is no trap."""

from pathlib import Path
from typing import Any

import yaml

from vidset.datasets.errors import DatasetError, shortened

_MERGE = "tag:yaml.org,2002:merge"


class _OnceOnly(yaml.SafeLoader):
    """Of a key that stands twice, YAML's own loader takes the last, and says nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key, _ in node.value:
            if key.tag == _MERGE:
                continue
            name = self.construct_object(key, deep=True)
            if name in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{shortened(name)} stands twice", problem_mark=key.start_mark
                )
            seen.append(name)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, what: str) -> Any:
    """What the file says.

    Args:
        what: it should be, for messages.

    Raises:
        DatasetError: it cannot be read, is no YAML, or has a key twice; it says where.
    """
    try:
        # A subclass of the safe loader.
        return yaml.load(path.read_text("utf-8"), Loader=_OnceOnly)  # noqa: S506
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DatasetError(f"{path}: wanted {what} in YAML: {error}") from None
    except RecursionError:
        raise DatasetError(f"{path}: wanted {what} in YAML, got one nested too deep") from None
