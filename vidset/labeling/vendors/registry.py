"""All vendors by name: those in this folder, and those of other installed packages.

A package of yours adds a vendor by an entry point in the group `vidset.vendors` that names its
`Declaration`. Its name must not be taken.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from vidset.labeling.vendors.declaration import Declaration
from vidset.labeling.vendors.label_studio.declaration import LABEL_STUDIO
from vidset.labeling.vendors.scale.declaration import SCALE
from vidset.labeling.vendors.truth.declaration import TRUTH

GROUP = "vidset.vendors"
BUILT_IN = (SCALE, LABEL_STUDIO, TRUTH)


@cache
def vendors() -> Mapping[str, Declaration]:
    """The declarations of all vendors by name, the built-in ones first.

    Raises:
        ValueError: an installed package's entry point is no declaration, or takes a name or a
            variable that another vendor has.
    """
    found = {each.name: each for each in BUILT_IN}
    for point in entry_points(group=GROUP):
        declaration = point.load()
        place = f"the entry point {point.value!r} of {GROUP}"
        if not isinstance(declaration, Declaration):
            raise ValueError(f"{place} must name a Declaration of a vendor, got {declaration!r}")
        if declaration.name in found:
            raise ValueError(f"{place}: there is already a vendor {declaration.name!r}")
        taken = {variable.name for each in found.values() for variable in each.variables}
        for variable in declaration.variables:
            if variable.name in taken:
                raise ValueError(f"{place}: the variable {variable.name} is another vendor's")
        found[declaration.name] = declaration
    return found


def vendor_named(name: str) -> Declaration:
    """Return a vendor's declaration. Raises ValueError for a name that nobody has."""
    try:
        return vendors()[name]
    except KeyError:
        raise ValueError(f"no vendor {name!r}; there are {', '.join(vendors())}") from None
