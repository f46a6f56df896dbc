"""Packs are copies: whatever happens to one, no row is lost or doubled."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bigquery_ledger import A, B
from vidset.elements import Extraction
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.open import open_ledger
from vidset.ledger.packing import pack_ledgers
from vidset.ledger.packs import FOLDER
from vidset.ledger.rows import LedgerRows
from vidset.storage.folder import FolderStore

_PACK = "import sys; from vidset.ledger.packing import pack_ledgers; pack_ledgers(sys.argv[1], 1)"


def video(number: int, samples: int = 2) -> Extraction:
    uri = f"/videos/{number:04}.mp4"
    frames = tuple(
        replace(A.frames[0], video_uri=uri, pts_seconds=float(each)) for each in range(samples)
    )
    return Extraction(replace(A.video, video_uri=uri, samples=samples), frames)


def commit(place: str, numbers: range, samples: int = 2) -> None:
    open_ledger(place).commit([video(number, samples) for number in numbers])


def found(place: str) -> tuple[Counter, Counter]:
    """Rows by video, in both ways of reading frames; both tables."""
    rows = LedgerRows(place)
    videos = Counter(
        uri for each in rows.videos(["video_uri"]) for uri in each.table["video_uri"].to_pylist()
    )
    frames = Counter(
        uri for each in rows.frames(["video_uri"]) for uri in each.table["video_uri"].to_pylist()
    )
    ordered = Counter(
        uri
        for _, table in rows.frames_in_order(["video_uri"])
        for uri in table["video_uri"].to_pylist()
    )
    assert frames == ordered
    return videos, frames


def wanted(numbers: range, samples: int = 2) -> tuple[Counter, Counter]:
    uris = [f"/videos/{number:04}.mp4" for number in numbers]
    return Counter(uris), Counter(uris * samples)


def reads(monkeypatch) -> list[str]:
    """The loose files that are opened from now on."""
    names, read = [], FolderStore.read
    monkeypatch.setattr(
        FolderStore, "read", lambda store, name: names.append(name) or read(store, name)
    )
    return names


def test_packed_rows_are_those_of_the_files(tmp_path, monkeypatch):
    place = str(tmp_path)
    open_ledger(place).commit([A, B, *(video(n) for n in range(40))])
    before = LedgerRows(place)
    loose = {key: before.whole(key) or pytest.fail(key) for key in before.stamps}
    assert pack_ledgers(place) == 42
    names, rows = reads(monkeypatch), LedgerRows(place)
    assert rows.loose == []
    for key, table in rows.frames_in_order(FRAMES.names):
        assert table.equals(loose[key][1])
    [videos] = rows.videos(VIDEOS.names)
    for key, table in videos.each():
        assert table.equals(loose[key][0])
    assert names == []


def test_a_few_files_stay_loose_and_many_are_packed_once(tmp_path):
    place = str(tmp_path)
    commit(place, range(31))
    assert pack_ledgers(place) == 0
    commit(place, range(40))
    assert (pack_ledgers(place), pack_ledgers(place)) == (40, 0)


def test_packs_stay_few_as_videos_come(tmp_path):
    place = str(tmp_path)
    for day in range(12):
        commit(place, range(32 * day, 32 * day + 32))
        pack_ledgers(place)
    assert found(place) == wanted(range(384))
    assert len(LedgerRows(place).packs) <= 5


def test_a_replaced_video_counts_with_its_new_rows_alone(tmp_path):
    place = str(tmp_path)
    commit(place, range(40))
    pack_ledgers(place)
    commit(place, range(3), samples=5)
    videos, frames = found(place)
    assert videos == wanted(range(40))[0]
    assert [frames[f"/videos/{n:04}.mp4"] for n in range(4)] == [5, 5, 5, 2]


def test_a_video_whose_ledger_was_deleted_is_gone(tmp_path):
    place = str(tmp_path)
    commit(place, range(40))
    pack_ledgers(place)
    (tmp_path / "videos" / f"{video(7).key}.parquet").unlink()
    assert "/videos/0007.mp4" not in found(place)[1]
    assert sum(found(place)[0].values()) == 39


@pytest.mark.parametrize("ending", ["frames", "videos"])
@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_damaged_pack_is_as_good_as_none(tmp_path, ending, harm):
    place = str(tmp_path)
    commit(place, range(40))
    pack_ledgers(place)
    [pack] = (tmp_path / FOLDER).glob(f"*.{ending}.parquet")
    data = pack.read_bytes()
    if harm == "gone":
        pack.unlink()
    elif harm == "cut":
        pack.write_bytes(data[: len(data) // 2])
    else:
        middle = len(data) // 8
        pack.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    assert found(place) == wanted(range(40))
    commit(place, range(40, 80))
    pack_ledgers(place)
    assert found(place) == wanted(range(80))


def test_readers_see_every_row_once_while_others_pack_write_and_are_killed(tmp_path):
    place = str(tmp_path)
    commit(place, range(60))
    for turn in range(6):
        packers = [subprocess.Popen([sys.executable, "-c", _PACK, place]) for _ in range(2)]
        commit(place, range(60 + 5 * turn, 65 + 5 * turn))
        until = time.monotonic() + 0.2 * turn
        while time.monotonic() < until or packers[1].poll() is None:
            assert found(place) == wanted(range(65 + 5 * turn))
            if time.monotonic() >= until and packers[0].poll() is None:
                os.kill(packers[0].pid, signal.SIGKILL)
        for packer in packers:
            packer.wait()
    pack_ledgers(place, 1)
    assert found(place) == wanted(range(90))
    files = {path.name.split(".")[0] for path in Path(place, FOLDER).iterdir()}
    assert files == {pack.id for pack in LedgerRows(place).packs}


@pytest.mark.emulator
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_ledgers_in_a_bucket_are_packed(scheme, request):
    request.getfixturevalue({"gs": "gcs", "s3": "s3"}[scheme]).make_bucket("packed")
    place = f"{scheme}://packed/out"
    commit(place, range(4))
    pack_ledgers(place, 1)
    commit(place, range(4, 6))
    commit(place, range(1), samples=3)
    videos, frames = found(place)
    assert (videos, frames["/videos/0000.mp4"]) == (wanted(range(6))[0], 3)
    pack_ledgers(place, 1)
    assert LedgerRows(place).loose == []
    assert len(LedgerRows(place).packs) == 1
    assert found(place) == (videos, frames)
