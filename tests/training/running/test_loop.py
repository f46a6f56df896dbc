from tests.datasets.numerals import numerals
from vidset.datasets.versions.repository import Repository
from vidset.training.running.loop import epoch_order


def test_epoch_order_is_fixed_by_seed_epoch_and_images_alone(tmp_path):
    entries = list(numerals(Repository(tmp_path), {"train": 4}, ("i", "x"), seed=0))
    uris = [entry.image_uri for entry in entries]

    def order(given, seed, epoch):
        return [given[place].image_uri for place in epoch_order(given, seed, epoch)]

    first = order(entries, 1, 1)
    assert sorted(first) == sorted(uris)
    assert first == order(entries[::-1], 1, 1)
    assert len({tuple(order(entries, seed, epoch)) for seed in (1, 2) for epoch in (1, 2)}) == 4


def test_epoch_order_is_as_the_recipe_says():
    from hashlib import sha256

    from vidset.datasets.versions.entry import Entry

    entries = [
        Entry(f"{n}" * 64, f"{n}.png", "png", 1, 1, "i", None, "g", "train", "o", "folder")
        for n in range(6)
    ]
    keys = [sha256(f"7 3 {str(n) * 64} {n}.png".encode()).hexdigest() for n in range(6)]
    assert epoch_order(entries, 7, 3) == sorted(range(6), key=keys.__getitem__)
