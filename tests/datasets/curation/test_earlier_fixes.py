"""What people fixed holds when the images come from their source once more."""

from tests.datasets.curation.test_add import offer
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.fix import fix_version
from vidset.datasets.curation.fixes import Fix, Fixes

HALVES = {"train": 0.5, "test": 0.5}
IMAGES = [(f"{n}.png", n, None) for n in range(10)]


def labels(created):
    table = created.images.table
    columns = (table[name].to_pylist() for name in ("image_uri", "label"))
    return dict(zip(*columns, strict=True))


def fixed_version(repository, *actions):
    """A version in which the images with these names were fixed so; its id."""
    first = create(repository, offer(*IMAGES), Wanted(shares=HALVES))
    by_name = {entry.image_uri: entry for entry in first.images}
    fixes = tuple(
        Fix(by_name[name].image_sha256, name, action, label) for name, action, label in actions
    )
    return fix_version(repository, first.id, Fixes(first.id, fixes), new_labels=["b"]).id


def test_a_corrected_label_stays_and_what_it_overrides_is_listed(repository):
    fixed = fixed_version(repository, ("3.png", "relabel", "b"), ("4.png", "keep", None))
    grown = create(
        repository, offer(*IMAGES, ("new.png", 50, None)), Wanted(parent=fixed, shares=HALVES)
    )
    assert labels(grown)["3.png"] == "b"
    assert grown.overridden == ["3.png: as fixed, not as its source says: a -> b"]
    assert repository.details(grown.id)["overridden"] == grown.overridden
    once_more = create(repository, offer(*IMAGES), Wanted(parent=grown.id, shares=HALVES))
    assert labels(once_more)["3.png"] == "b"


def test_a_corrected_label_stays_where_the_parents_images_are_not_taken_over(repository):
    fixed = fixed_version(repository, ("3.png", "relabel", "b"))
    wanted = Wanted(parent=fixed, instead=True, shares=HALVES)
    assert labels(create(repository, offer(*IMAGES), wanted))["3.png"] == "b"


def test_an_image_that_was_removed_stays_out_and_is_listed(repository):
    fixed = fixed_version(repository, ("3.png", "remove", None))
    grown = create(repository, offer(*IMAGES), Wanted(parent=fixed, shares=HALVES))
    assert "3.png" not in labels(grown)
    assert grown.overridden == ["3.png: a fix removed it"]


def test_fixes_can_be_left_behind(repository):
    fixed = fixed_version(repository, ("3.png", "relabel", "b"), ("4.png", "remove", None))
    grown = create(
        repository, offer(*IMAGES), Wanted(parent=fixed, shares=HALVES, fixes_hold=False)
    )
    assert (labels(grown)["3.png"], labels(grown)["4.png"], grown.overridden) == ("a", "a", [])
