"""Counts of ledgers that are kept beside them: the same as counting again, whatever has changed."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.ledger_rows import frame_row, video_row
from vidset.elements import Extraction, ledger_key
from vidset.ledger.open import open_ledger
from vidset.ledger.packing import pack_ledgers
from vidset.ledger.totals import FILE
from vidset.overview.counting import count_ledgers

_PROGRAM = """
import sys
from vidset.overview.counting import count_ledgers
print(sorted(count_ledgers(sys.argv[1]).videos.items()), "pyarrow" in sys.modules)
"""


def extraction(name: str, *reasons: str, status: str = "done", error: str | None = None):
    """A video with a sample for each reason, of a collector and a day."""
    about = {"video_uri": f"/{name}.mp4", "collector_id": "ann"}
    uploaded_at = datetime(2026, 1, len(reasons) + 1, tzinfo=UTC)
    frames = tuple(
        frame_row(
            **about, pts_seconds=float(at), reason=reason, kept=reason == "kept",
            uploaded_at=uploaded_at,
        )
        for at, reason in enumerate(reasons)
    )  # fmt: skip
    video = video_row(
        **about, samples=len(reasons), kept=reasons.count("kept"), status=status, error=error,
        uploaded_at=uploaded_at,
    )  # fmt: skip
    return Extraction(video, frames)


ONE = extraction("one", "kept", "near_duplicate", "kept")
TWO = extraction("two", "kept", "dark")
FAILED = extraction("three", status="failed", error="no video stream: “<b>”")


@pytest.fixture
def place(tmp_path) -> Path:
    open_ledger(str(tmp_path)).commit([ONE, TWO, FAILED])
    return tmp_path


def counted_anew(place: Path):
    """What is counted where nothing was kept."""
    (place / FILE).unlink(missing_ok=True)
    return count_ledgers(str(place))


def test_what_was_counted_is_told_again_without_reading_the_ledgers(place):
    first = count_ledgers(str(place))
    assert (place / FILE).is_file()
    assert count_ledgers(str(place)) == first
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, place], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[('done', 2), ('failed', 1)] False\n"


def test_status_says_the_same_the_second_time(place):
    told = [vidset("status", place, "--json") for _ in range(2)]
    assert told[0].code == told[1].code == 0
    assert told[0].out == told[1].out
    assert told[0].found["kept"] == 3
    shown = [vidset("status", place) for _ in range(2)]
    assert (shown[0].out, shown[0].err) == (shown[1].out, shown[1].err)


def add(place):
    open_ledger(str(place)).commit([extraction("four", "blurred")])


def replace_video(place):
    frames = tuple(replace(each, reason="dark", kept=False) for each in TWO.frames)
    open_ledger(str(place)).commit([Extraction(TWO.video, frames)])


def _file(place, folder, made):
    key = ledger_key(made.video.video_uri, made.video.generation)
    return place / folder / f"{key}.parquet"


def remove(place):
    _file(place, "videos", ONE).unlink()


def remove_frames(place):
    _file(place, "frames", ONE).unlink()


def remove_all(place):
    for path in place.glob("videos/*.parquet"):
        path.unlink()


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("change", [add, replace_video, remove, remove_frames, remove_all])
def test_what_was_kept_counts_no_more_when_a_ledger_has_changed(place, change, is_packed):
    if is_packed:
        assert pack_ledgers(str(place), least=1) == 3
    before = count_ledgers(str(place))
    change(place)
    found = count_ledgers(str(place))
    assert found != before
    assert found == counted_anew(place)


def test_a_file_that_was_written_again_with_the_same_time_and_size_is_another(place):
    before = count_ledgers(str(place))
    path, other = _file(place, "videos", TWO), _file(place, "videos", FAILED)
    data = path.read_bytes()
    path.write_bytes(other.read_bytes())
    assert count_ledgers(str(place)) != before
    path.write_bytes(data)
    assert count_ledgers(str(place)) == before


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_text("{"), id="no JSON"),
        pytest.param(lambda path: path.write_text("[]"), id="a list"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe"), id="no text"),
        pytest.param(
            lambda path: path.write_text(
                json.dumps(json.loads(path.read_text()) | {"counted": {"videos": []}})
            ),
            id="of another form",
        ),
        pytest.param(lambda path: (path.unlink(), path.symlink_to("/dev/zero")), id="a link"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a folder"),
    ],
)
def test_what_is_no_count_is_passed_over(place, spoil):
    before = count_ledgers(str(place))
    spoil(place / FILE)
    assert count_ledgers(str(place)) == before


def test_an_empty_place_keeps_nothing(tmp_path):
    assert count_ledgers(str(tmp_path)).videos == {}
    assert list(tmp_path.iterdir()) == []
