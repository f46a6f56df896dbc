"""A project's place, as the room of labeling takes it."""

from dataclasses import replace

from vidset.labeling.vendors.registry import vendors
from vidset.local_labeling.served import url_left
from vidset.place import Place
from vidset.project import Project, find_project
from vidset.suggestions import unknown


def project_of(place: str | None, store: str | None) -> Project:
    """Find the place, whose labels are in `store` if one was named; the next command names it, too.

    Raises:
        ValueError: there is no place.
    """
    return replace(find_project(place), given_store=store)


def place_of(
    project: Project,
    *,
    store: str | None = None,
    vendor: str | None = None,
    template: str | None = None,
    budget: str | None = None,
) -> Place:
    """Return the place with the options that were given, or that its file sets.

    Raises:
        ValueError: nothing has been extracted there, or the vendor is unknown.
    """
    named = project.text("vendor", vendor)
    if named is not None and named not in vendors():
        raise ValueError(unknown("vendor", named, vendors()))
    place = Place.of(
        project.place,
        store or project.text("store"),
        vendor=named,
        template=project.text("template", template),
        budget=project.text("budget", budget),
    )
    url = url_left(place.folder) if place.folder else None
    return replace(place, served=url) if url else place
