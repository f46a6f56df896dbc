"""Kill -9 at random moments with --delete: what is not in the store is on the card."""

import random
import signal
import time

import pytest

from tests.chaos.counts import times
from tests.upload import recordings
from tests.upload.recordings import MIB, recording

pytestmark = pytest.mark.slow

FILES = 6


def on_card(card):
    return {path.read_bytes() for path in card.rglob("*") if path.is_file()}


@times(3, 200)
def test_nothing_that_is_not_in_the_store_is_gone_from_the_card(count, store, tmp_path):
    card, chance = tmp_path / "card", random.Random(23)
    made = [recording(tmp_path / f"{n}.mp4", 2 * MIB, seed=n).read_bytes() for n in range(FILES)]

    def start():
        return recordings.started(
            *(card, "--to", store.bucket, "--collector", "cam1", "--state", tmp_path / "state"),
            *("--delete", "--settle", "0", "--json"),
            stderr=2,
            env=store.environment,
        )

    def fill():
        card.mkdir(exist_ok=True)
        for number, data in enumerate(made):
            (card / f"{number}.mp4").write_bytes(data)

    fill()
    began = time.monotonic()
    assert start().wait(600) == 0
    seconds = time.monotonic() - began
    assert on_card(card) == set()
    for kill in range(count):
        if not on_card(card):  # Other bytes, so that they are sent again.
            made = [data + (16).to_bytes(4) + b"free" + kill.to_bytes(8) for data in made]
            fill()
        process = start()
        time.sleep(chance.uniform(0, 1.2 * seconds))
        process.send_signal(signal.SIGKILL)
        process.wait()
        there = set(store.objects().values())
        assert [n for n, data in enumerate(made) if data not in there | on_card(card)] == []
    assert start().wait(600) == 0
    assert on_card(card) == set()
    assert set(made) <= set(store.objects().values())
