"""`vidset forget` that is killed anywhere: the next call finishes it, and finds nothing left."""

import hashlib
import json
import random
import shutil

import pytest

from tests.chaos.counts import some, times
from tests.forgetting.places import A, B, make_place, traces_of
from vidset.elements import ledger_key
from vidset.forgetting.forget import STEPS
from vidset.forgetting.journal import read_journal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_place(tmp_path_factory.mktemp("made") / "place")


@pytest.fixture
def place(made, tmp_path):
    shutil.copytree(made, tmp_path / "place")
    return tmp_path / "place"


def check_forgotten(place, others: int) -> None:
    """Nothing is left of A, B is whole, and the receipts and tombstones name neither."""
    assert list(traces_of(place, A)) == []
    # A version's lines about A's names stood beside B's.
    assert len(list(traces_of(place, B))) >= others - 4
    assert read_journal(str(place)) is None
    [tombstone] = [
        json.loads(path.read_text()) for path in place.glob("datasets/versions/*/forgotten.json")
    ]
    assert tombstone["images"] == 3


def receipts_of(place) -> list[dict]:
    paths = sorted((place / "forgotten" / "receipts").glob("*.json"))
    return [json.loads(path.read_text()) for path in paths]


@pytest.mark.parametrize("number", some(range(len(STEPS))))
def test_a_process_that_is_killed_after_any_step_is_finished_by_the_next(place, number):
    from tests.forgetting.killed import forget_again, kill_after_step

    others = len(list(traces_of(place, B)))
    kill_after_step(place, number)
    assert read_journal(str(place)) is not None
    receipt = forget_again(place)
    assert receipt is not None
    assert receipt.left == {}
    assert receipt.runs == ["v0-1"]  # What the versions tell no more by then.
    check_forgotten(place, others)
    [kept] = receipts_of(place)
    # What the killed one deleted is told as well.
    assert (kept["found"]["images"], kept["found"]["rows of frames"]) == (3, 3)
    assert kept["left"] == {}
    assert forget_again(place) is None


@times(3, 300)
def test_a_process_that_is_killed_at_any_moment_is_finished_by_the_next(count, made, tmp_path):
    from tests.forgetting.killed import forget_again, kill_after_seconds, seconds_of

    place = tmp_path / "place"
    others = len(list(traces_of(made, B)))
    shutil.copytree(made, place)
    seconds = seconds_of(place)
    kills = 0
    while kills < count:
        shutil.rmtree(place)
        shutil.copytree(made, place)
        moment = random.uniform(0, seconds)
        kills += kill_after_seconds(place, moment)
        receipt = forget_again(place)
        assert receipt is None or receipt.left == {}, (kills, moment)
        check_forgotten(place, others)
        kept = receipts_of(place)
        assert len(kept) in (1, 2), (kills, moment)  # Two: killed between receipt and journal.
        assert all(each["found"]["images"] == 3 for each in kept), (kills, moment)


def test_receipts_name_videos_by_their_tombstones_and_are_never_replaced(place):
    from tests.forgetting.killed import forget_again

    receipt = forget_again(place)
    assert receipt is not None
    assert receipt.receipt is not None
    [kept] = receipts_of(place)
    [tombstone] = (place / "forgotten").glob("*.json")
    assert kept["videos"] == [tombstone.stem]
    generation = hashlib.sha256(A.encode()).hexdigest()[:16]
    assert tombstone.stem == ledger_key(receipt.videos[0], generation)
    assert kept["actor"] == "eve"
    assert kept["requested_at"] < kept["finished_at"]
    assert kept["found"] == kept["deleted"]
    assert kept["runs"] == ["v0-1"]
    [path] = (place / "forgotten" / "receipts").glob("*.json")
    assert "a.mp4" not in path.read_text()
