"""Versions read from Python: streams, shards, tar files, torch, and straight from elsewhere."""

import io
import itertools
import json
import pickle
import tarfile

import numpy as np
import pytest

from tests.datasets.numerals import write_numerals, write_shapes
from vidset.datasets.errors import DatasetError, FaultsError, UnknownVersionError
from vidset.datasets.exchange.transfer import push, whole_versions
from vidset.datasets.reading.cache import BoundedCache
from vidset.datasets.reading.dataset import Dataset
from vidset.datasets.reading.stored import open_at, open_stored
from vidset.datasets.reading.stream import Shard
from vidset.datasets.versions.forgotten import Forgotten, write_forgotten
from vidset.datasets.versions.repository import Repository
from vidset.storage.folder import FolderStore


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("reading") / "datasets")


@pytest.fixture(scope="module")
def numerals(repository) -> Dataset:
    """Twelve training images of three labels, and three to validate on."""
    version = write_numerals(repository, {"train": 4, "validation": 1}, labels=("i", "v", "x"))
    repository.name_version("v0", version)
    return Dataset(open_stored(repository, "v0"))


def names(stream) -> list[str]:
    return [each.entry.image_uri for each in stream]


def test_a_version_says_what_it_has(numerals, repository):
    assert numerals.id == repository.resolve("v0")
    assert numerals.splits == ["train", "validation"]
    assert numerals.classes == ["i", "v", "x"]
    assert (len(numerals), numerals.table("train").num_rows) == (15, 12)
    entry = next(numerals.entries("validation"))
    assert numerals.picture(entry).shape == (entry.height, entry.width, 3)
    with pytest.raises(DatasetError, match=r"unknown split 'tarin'\. Did you mean 'train'"):
        numerals.table("tarin")


def test_an_order_follows_from_seed_and_epoch_alone(numerals):
    first = names(numerals.stream("train", seed=1))
    assert first == names(numerals.stream("train", seed=1))
    assert sorted(first) == sorted(names(numerals.stream("train")))
    others = [names(numerals.stream("train", seed=s, epoch=e)) for s, e in ((2, 0), (1, 1))]
    assert first not in others
    assert others[0] != others[1]


def test_the_training_loop_takes_the_same_order(numerals):
    from vidset.training.running.loop import epoch_order

    entries = list(numerals.entries("train"))
    order = [entries[place].image_uri for place in epoch_order(entries, 5, 2)]
    assert order == names(numerals.stream("train", seed=5, epoch=2))


@pytest.mark.parametrize(("ranks", "workers"), [(1, 1), (2, 1), (2, 3), (5, 2)])
def test_shards_have_each_image_once(numerals, ranks, workers):
    shards = [Shard(r, ranks, w, workers) for r in range(ranks) for w in range(workers)]
    read = [names(numerals.stream("train", seed=1, shard=each)) for each in shards]
    assert sorted(itertools.chain(*read)) == sorted(names(numerals.stream("train")))
    even = [Shard(each.rank, ranks, each.worker, workers, is_even=True) for each in shards]
    lengths = {len(names(numerals.stream("train", seed=1, shard=each))) for each in even}
    assert lengths == {12 // (ranks * workers)}


def test_a_stream_goes_on_behind_any_image(numerals):
    shard = Shard(1, 2)
    whole = list(numerals.stream("train", seed=3, shard=shard))
    for each in whole:
        rest = numerals.stream("train", seed=3, shard=shard, start=each.number + 1)
        assert names(rest) == [e.entry.image_uri for e in whole[each.number + 1 :]]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda: Shard(2, 2), "rank: wanted 0 to 1 of 2, got 2", id="rank"),
        pytest.param(lambda: Shard(worker=-1), "worker: wanted 0 to 0 of 1, got -1", id="worker"),
    ],
)
def test_a_shard_that_there_is_not_is_refused(make, said):
    with pytest.raises(DatasetError, match=said):
        make()


def test_a_negative_start_is_refused(numerals):
    with pytest.raises(DatasetError, match="start: wanted 0 or more, got -1"):
        list(numerals.stream(start=-1))


def test_a_tar_stream_has_the_images_and_what_is_said(numerals):
    class Pipe(io.RawIOBase):
        """A file that can only be written to."""

        data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += data
            return len(data)

    pipe = Pipe()
    assert numerals.write_tar(pipe, "train", seed=1, start=10) == 2
    with tarfile.open(fileobj=io.BytesIO(pipe.data)) as tar:
        members = tar.getnames()
        assert members == [f"{n:012}.{end}" for n in (10, 11) for end in ("png", "json")]
        said = json.load(tar.extractfile("000000000010.json"))
        image = tar.extractfile("000000000010.png").read()
    [_, _, *_, tenth, _] = numerals.stream("train", seed=1)
    assert image == tenth.data
    assert said["label"] == tenth.entry.label
    assert (said["split"], said["objects"]) == ("train", None)


def test_torch_gives_pictures_and_targets(numerals, repository):
    import torch

    images = numerals.torch("train")
    picture, target = images[0]
    entry = next(numerals.entries("train"))
    assert picture.dtype == torch.uint8
    assert np.array_equal(picture.permute(1, 2, 0).numpy(), numerals.picture(entry))
    assert numerals.classes[target] == entry.label
    assert len(images) == 12
    with pytest.raises(IndexError, match="wanted an image from 0 to 11, got 12"):
        images[12]
    boxes = Dataset(open_stored(repository, write_shapes(repository, {"train": 2})))
    entry = next(boxes.entries())
    _, target = boxes.torch()[0]
    x, y, width, height = entry.things[0].bounds
    assert target["boxes"][0].tolist() == [x, y, x + width, y + height]
    assert boxes.classes[target["labels"][0]] == entry.things[0].label


def test_workers_of_a_loader_share_a_stream(numerals):
    from torch.utils.data import DataLoader

    stream = numerals.torch_stream("train", lambda picture: int(picture.sum()), seed=1)
    alone = [shown for shown, _ in stream]
    shared = [shown for shown, _ in DataLoader(stream, None, num_workers=2)]
    assert sorted(shared) == sorted(alone)
    assert len(alone) == 12
    stream.set_epoch(1)
    later = [shown for shown, _ in stream]
    assert later != alone
    assert sorted(later) == sorted(alone)


@pytest.fixture
def pushed(numerals, repository, tmp_path):
    """A place that the version was pushed to."""
    push(repository, FolderStore(str(tmp_path / "remote")), [numerals.id])
    return tmp_path / "remote"


def test_a_version_is_read_where_it_was_pushed(numerals, pushed, tmp_path):
    remote = Dataset(open_at(str(pushed), "v0", tmp_path / "cache"))
    assert remote.id == numerals.id
    assert [e.data for e in remote.stream(seed=1)] == [e.data for e in numerals.stream(seed=1)]
    assert len(list((tmp_path / "cache").glob("*.png"))) == 15
    for path in (pushed / "images").rglob("*.png"):
        path.unlink()  # From now on the cache alone has them.
    sent = pickle.loads(pickle.dumps(remote))  # noqa: S301 (made here)
    assert names(sent.stream()) == names(numerals.stream())
    with pytest.raises(DatasetError, match="is not there"):
        names(Dataset(open_at(str(pushed), "v0")).stream())
    with pytest.raises(UnknownVersionError, match="has no version 'v9'; it has: v0"):
        open_at(str(pushed), "v9")


def test_an_image_that_is_another_than_its_hash_says_is_refused(pushed, tmp_path):
    path = min((pushed / "images").rglob("*.png"))
    path.write_bytes(b"another")
    with pytest.raises(FaultsError, match="an image is not what its name says"):
        names(Dataset(open_at(str(pushed), "v0", tmp_path / "cache")).stream())
    assert not (tmp_path / "cache" / path.name).exists()


def test_a_damaged_file_of_the_cache_is_fetched_again(pushed, tmp_path):
    dataset = Dataset(open_at(str(pushed), "v0", tmp_path / "cache"))
    entry = next(dataset.entries())
    data = dataset.read(entry)
    [kept] = (tmp_path / "cache").glob("[!.]*")
    kept.write_bytes(b"another")
    assert dataset.read(entry) == data


def test_a_folder_with_other_things_is_no_cache(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(DatasetError, match="wanted an empty folder or a cache, got one with holi"):
        BoundedCache(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_version_that_images_were_removed_from_is_not_pushed(tmp_path):
    repository = Repository(tmp_path / "datasets")
    id_ = write_numerals(repository, {"train": 1}, labels=("i", "v"))
    assert whole_versions(repository) == [id_]
    (tmp_path / "pushed").mkdir()
    place = FolderStore(str(tmp_path / "pushed"))
    write_forgotten(
        repository.root / "versions" / id_, Forgotten(1, (id_,), "ab" * 16, "ada", "2026-01-01")
    )
    with pytest.raises(FaultsError) as raised:
        push(repository, place, [id_])
    assert "1 images were removed from it; version abab" in raised.value.faults[0]
    assert list(place.list("")) == []
    assert whole_versions(repository) == []


def test_a_cache_never_grows_beyond_its_limit(tmp_path):
    """Three files of ten bytes find room; the one that is read again and again stays."""
    cache, fetched = BoundedCache(tmp_path / "cache", 35), []

    def get(name):
        def fetch():
            fetched.append(name)
            return b"0123456789"

        return cache.get(name, fetch)

    for number in range(10):
        assert get(f"{number}") == get("kept") == b"0123456789"
        size = sum(path.stat().st_size for path in (tmp_path / "cache").glob("[!.]*"))
        assert size <= 35
    assert fetched.count("kept") == 1
    assert len(fetched) == 11
    assert cache.get("large", lambda: b"x" * 36) == b"x" * 36
    assert not (tmp_path / "cache" / "large").exists()
    with pytest.raises(DatasetError, match="cache_bytes: wanted 1 or more, got 0"):
        BoundedCache(tmp_path, 0)
