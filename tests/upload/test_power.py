"""The power goes while recordings are copied and deleted: real file systems, as their disks are."""

import os
import random
import shutil
import signal
import time

import pytest

from tests.chaos.counts import times
from tests.disks import mounted, new_disk
from tests.upload import recordings
from tests.upload.recordings import MIB, recording

pytestmark = pytest.mark.slow
FILES = 4


def contents(folder):
    return {path.read_bytes() for path in folder.rglob("*.mp4") if ".partial" not in path.parts}


@times(2, 200)
@pytest.mark.parametrize("then", ["--delete", "--move-to"])
def test_what_the_card_lost_with_the_power_is_at_the_destination(count, then, tmp_path):
    made = [recording(tmp_path / f"{n}.mp4", MIB, seed=n).read_bytes() for n in range(FILES)]
    chance, gone = random.Random(count), 0
    for number in range(count):
        disks = {name: new_disk(tmp_path / f"{name}-{number}.image") for name in ("card", "place")}
        with (
            mounted(disks["card"], tmp_path / "card") as card,
            mounted(disks["place"], tmp_path / "place") as place,
        ):
            for name in "uploads", "done":
                (place / name).mkdir()
            (card / "in").mkdir()
            for each, data in enumerate(made):
                (card / "in" / f"{each}.mp4").write_bytes(data)
            os.sync()
            target = ["--delete"] if then == "--delete" else ["--move-to", place / "done"]
            process = recordings.started(
                *(card / "in", "--to", f"{place}/uploads/", "--collector", "cam1"),
                *("--state", tmp_path / f"state{number}", "--settle", "0", *target),
            )
            # The first recordings that leave show that it is at work.
            while process.poll() is None and len(list((card / "in").iterdir())) == FILES:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGSTOP)
            fd = os.open(card, os.O_RDONLY)
            os.fsync(fd)  # The worst case: what left the card has left it for good.
            os.close(fd)
            for name, image in disks.items():  # The card first: it must not know more.
                shutil.copyfile(image, tmp_path / f"{name}-{number}.lost")
            process.kill()
            process.wait()
        with (
            mounted(tmp_path / f"card-{number}.lost", tmp_path / "card") as card,
            mounted(tmp_path / f"place-{number}.lost", tmp_path / "place") as place,
        ):
            left = contents(card)
            gone += len(set(made) - left)
            assert set(made) <= left | contents(place / "uploads"), f"moment {number}"
            if then == "--move-to":
                assert set(made) <= left | contents(place / "done"), f"moment {number}"
    assert gone
