"""One kind of thing that is deleted: found, deleted and counted by one function.

The same function says in a dry run what there is, deletes it, and tells afterwards whether anything
is left. Doing it twice deletes what is left and nothing else, so that a call that was killed
anywhere goes on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vidset.forgetting.journal import Journal
from vidset.labeling.vendors.vendor import Vendor
from vidset.lineage.records import Records


@dataclass(frozen=True, slots=True)
class Work:
    """The things that a step needs.

    Attributes:
        records: of the place as it is now.
        open_vendor: opens a vendor by its name; raises ValueError where its settings are missing.
        is_dry: whether things are only counted.
    """

    journal: Journal
    records: Records
    open_vendor: Callable[[str], Vendor]
    is_dry: bool = False

    @property
    def place(self) -> str:
        """The folder or uri of the place."""
        return self.records.project.place


# What was found, by kind: "images", "rows of frames" and so on, with how many of each.
Found = Mapping[str, int]
Step = Callable[[Work], Found]


def counted(**numbers: int) -> dict[str, int]:
    """Return the numbers that are not 0, with spaces in their names."""
    return {name.replace("_", " "): number for name, number in numbers.items() if number}
