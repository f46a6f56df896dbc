"""Each store behind a proxy, and `send`, which uploads to one."""

from itertools import chain
from pathlib import Path

import pytest

from tests.upload import recordings, stores
from tests.upload.cards import Card
from tests.upload.gcs_front import GcsFront
from tests.upload.proxy import running
from tests.upload.s3_front import S3Front

HERE = Path(__file__).parent


# What clocks may show, beside one that every store is tried with.
OTHER_MOMENTS = (15032385535, 0)

# What costs seconds of the processor, and the store that it is tried with.
COSTLY = {
    "test_memory_does_not_grow_with_the_recording": "s3_bucket",
}
# Of many faults that each store is tried with, one with the first, the next with the second.
IN_TURNS = {"test_a_cut_connection_ends_in_one_right_object": "faults"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Leave most pairs of a way to upload and a store to `make chaos`.

    By name, every store is tried; followed, one. One moment is tried with every store, the others
    with a folder. What is costly is tried with one, and each of many faults with one of two.
    """
    for item in items:
        if HERE not in item.path.parents or not hasattr(item, "callspec"):
            continue
        given = item.callspec.params
        one = COSTLY.get(item.originalname, "cloud_storage" if "cloud" in given else "folder")
        if turn := IN_TURNS.get(item.originalname):
            one = ("cloud_storage", "s3_bucket")[item.callspec.indices[turn] % 2]
        is_seldom = (
            given.get("card") == "followed"
            or given.get("moment") in OTHER_MOMENTS
            or item.originalname in COSTLY | IN_TURNS
        )
        if is_seldom and given.get("cloud", given.get("store", one)) != one:
            item.add_marker(pytest.mark.chaos)


@pytest.fixture
def cloud_storage(gcs):
    with running(GcsFront(gcs.url.removeprefix("http://"))) as proxy:
        yield stores.cloud_storage(gcs, proxy)


@pytest.fixture
def s3_bucket(s3):
    with running(S3Front(s3.url.removeprefix("http://"))) as proxy:
        yield stores.s3_bucket(s3, proxy)


@pytest.fixture
def folder(tmp_path):
    return stores.folder(tmp_path / "uploads")


CLOUDS = [
    pytest.param("cloud_storage", id="gs", marks=pytest.mark.emulator),
    pytest.param("s3_bucket", id="s3", marks=pytest.mark.emulator),
]


@pytest.fixture(params=[*CLOUDS, pytest.param("folder", id="folder")])
def store(request):
    """Of each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=CLOUDS)
def cloud(request):
    """Of each kind that is a server."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def send(tmp_path):
    """Upload to a store, as collector cam1, remembering in a folder of the test's own."""

    def run(store, *arguments, state=tmp_path / "state"):
        ours = {"--to": store.bucket, "--collector": "cam1", "--state": state}
        options = (each for each in ours.items() if each[0] not in arguments)
        return recordings.upload(*chain.from_iterable(options), *arguments, env=store.environment)

    return run


@pytest.fixture(params=["by name", "followed"])
def card(request, tmp_path):
    return Card(tmp_path / "card", tmp_path / "state", is_followed=request.param == "followed")
