"""Commits that die on the way, and commits at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.bigquery_ledger import ROOT, A, B
from tests.ledger.test_ledger import DROPPED, EXTRACTION, FRAME, VIDEO
from vidset.elements import Extraction
from vidset.ledger.bigquery import TableLedger
from vidset.ledger.open import open_ledger


class CutOff(TableLedger):
    """Fails between the load job and the statement."""

    def _insert(self, ledger, loaded, videos):
        raise ConnectionError("cut off")


class CutOffBeforeVideos(TableLedger):
    """Fails when the frames are in."""

    def _add(self, table, rows, *more):
        if table == "videos":
            raise ConnectionError("cut off")
        super()._add(table, rows, *more)


@pytest.mark.emulator
def test_a_commit_cut_off_after_the_load_changes_nothing_and_can_be_repeated(cloud):
    with pytest.raises(ConnectionError, match="cut off"):
        CutOff(cloud.uri).commit([A, B])
    assert cloud.frames() == cloud.videos() == []
    assert cloud.tables() == ["frames", "videos"]
    open_ledger(cloud.uri).commit([A, B])
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]


@pytest.mark.emulator
def test_a_worker_killed_after_the_load_leaves_what_disturbs_no_commit(cloud):
    script = (
        "import os, sys\n"
        "from tests.ledger.test_ledger import EXTRACTION\n"
        "from vidset.ledger.bigquery import TableLedger\n"
        "class Killed(TableLedger):\n"
        "    def _insert(self, *_):\n"
        "        os._exit(9)\n"
        "Killed(sys.argv[1]).commit([EXTRACTION])\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, cloud.uri], cwd=ROOT, env=os.environ, check=False
    )
    assert killed.returncode == 9
    [left] = set(cloud.tables()) - {"frames", "videos"}
    assert left.startswith("frames_load_")
    assert cloud.frames() == []
    open_ledger(cloud.uri).commit([EXTRACTION])
    assert cloud.frames() == [FRAME.to_row(), DROPPED.to_row()]
    assert cloud.videos() == [VIDEO.to_row()]
    assert cloud.tables() == ["frames", left, "videos"]


@pytest.mark.emulator
def test_a_video_is_not_done_before_its_row(cloud):
    with pytest.raises(ConnectionError, match="cut off"):
        CutOffBeforeVideos(cloud.uri).commit([EXTRACTION])
    ledger = open_ledger(cloud.uri)
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) is None
    assert len(cloud.frames()) == 2
    ledger.commit([EXTRACTION])
    assert len(cloud.frames()) == 2
    assert cloud.videos() == [VIDEO.to_row()]


@pytest.mark.emulator
def test_frames_of_other_settings_stay_apart(cloud):
    """A job died before the video's row, and the next one had a higher threshold."""
    with pytest.raises(ConnectionError, match="cut off"):
        CutOffBeforeVideos(cloud.uri).commit([EXTRACTION])
    both_kept = (
        replace(FRAME, settings_id="t"),
        replace(FRAME, pts_seconds=1.0, settings_id="t"),
    )
    video = replace(VIDEO, kept=2, settings_id="t")
    open_ledger(cloud.uri).commit([Extraction(video, both_kept)])
    counted = [row for row in cloud.frames() if row["settings_id"] == "t"]
    assert counted == [frame.to_row() for frame in both_kept]
    assert cloud.videos() == [video.to_row()]


@pytest.mark.emulator
def test_workers_that_commit_the_same_at_once_do_not_disturb_each_other(cloud):
    """The emulator runs one statement after the other; BigQuery may not, see TableLedger."""
    ledgers = [TableLedger(cloud.uri) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ledger: ledger.commit([A, B]), ledgers))
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]
    assert cloud.tables() == ["frames", "videos"]
