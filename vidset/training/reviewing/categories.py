"""The categories of a review: why an image is wrong, in a person's words, and what helps."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vidset.datasets.errors import DatasetError, shortened
from vidset.yaml_files import read_yaml

Remedy = Literal["relabel", "remove", "preprocess", "augment", "collect"]
REMEDIES: tuple[Remedy, ...] = get_args(Remedy)
# One key of the page chooses each.
_MOST = 9


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of error.

    Attributes:
        remedy: relabel the image, remove it; or leave it, and preprocess or augment the data, or
            collect more of its kind.
        hint: when to choose it, a line for the reviewer.
    """

    name: str
    remedy: Remedy
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


DEFAULT = (
    Category("label wrong", "relabel", "It clearly shows another label."),
    Category("none of the labels", "remove", "Junk, or a thing without a label here."),
    Category("ambiguous", "remove", "Two people would label it differently."),
    Category("unreadable", "preprocess", "Blurred, noisy, dark, tiny or cut off."),
    Category("rare style", "augment", "Right, in an unusual way."),
    Category("rare case", "collect", "Right, but hardly any are like it."),
)


def read_categories(path: Path) -> tuple[Category, ...]:
    """Read a YAML file with `categories:`, a list of up to nine {name, remedy, hint?}.

    Raises:
        DatasetError: it is nothing such; it says which entry, and what was wanted.
    """
    value = read_yaml(path, "categories", DatasetError)
    given = value.get("categories") if isinstance(value, dict) else None
    if not isinstance(given, list) or not given:
        raise DatasetError(f"{path}: wanted categories, a list of name, remedy and hint")
    return parse_categories(given, str(path))


def parse_categories(given: Sequence[Any], where: str) -> tuple[Category, ...]:
    """Check a list of {name, remedy, hint?}; messages name it by `where`.

    Raises:
        DatasetError: one is nothing such, a name stands twice, or there are more than nine.
    """
    found = []
    for place, one in enumerate(given):
        if not isinstance(one, dict) or not set(one) <= {"name", "remedy", "hint"}:
            raise DatasetError(f"{where}: category {place + 1}: wanted name, remedy, hint")
        if not isinstance(one.get("name"), str) or not one["name"].strip():
            raise DatasetError(f"{where}: category {place + 1}: wanted a name")
        if one.get("remedy") not in REMEDIES:
            wanted, got = ", ".join(REMEDIES), one.get("remedy")
            raise DatasetError(
                f"{where}: {one['name']}: wanted remedy {wanted}, got {shortened(got)}"
            )
        found.append(Category(one["name"], one["remedy"], str(one.get("hint") or "")))
    names = [category.name for category in found]
    if len(set(names)) < len(names) or len(names) > _MOST:
        raise DatasetError(
            f"{where}: wanted up to {_MOST} categories, each once, got {shortened(names)}"
        )
    return tuple(found)
