from tests.datasets.curation.test_add import offer
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.source import Found
from vidset.datasets.versions.label_order import grown_order, label_order

ALL = {"train": 1.0}


def test_a_number_once_given_stays():
    assert grown_order(["car", "van"], {"bus", "car", "van"}) == ["car", "van", "bus"]
    assert grown_order(["car", "van"], {"van"}) == ["car", "van"]
    assert grown_order([], {"van", "car"}) == ["car", "van"]


def test_a_new_label_does_not_renumber_those_of_the_parent(repository):
    first = create(repository, offer(("0.png", 0, None)), Wanted(shares=ALL))
    assert label_order(repository, first.id) == ["a"]
    [image] = offer(("1.png", 1, None))
    other = Found("1.png", image.read, "t", label="A new one")
    grown = create(repository, [other], Wanted(parent=first.id, shares=ALL))
    assert label_order(repository, grown.id) == ["a", "A new one"]
    assert grown.images.classes == ["A new one", "a"]
