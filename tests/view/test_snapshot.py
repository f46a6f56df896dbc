"""A place that was seen before is there at once, and shows what it would show if read anew."""

import shutil
from dataclasses import replace

import pytest

from tests.plan.ledgers import SOME
from tests.view.catalogs import catalog_of
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.project import Project
from vidset.view import place_rows, snapshot
from vidset.view.caches import users_cache
from vidset.view.catalog import Catalog
from vidset.view.memory import EndingError, MemoryTables
from vidset.view.snapshot import LEAST_VIDEOS, read_snapshot

TABLES = ("SELECT * FROM frames ORDER BY n", "SELECT * FROM videos ORDER BY video_uri")
GENERATION = "1"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "place"
    for number in range(LEAST_VIDEOS):
        add(place, number)
    return place


def add(place, number, generation=GENERATION):
    uri = f"/drives/{number:04}.mp4"
    video = replace(SOME.video, video_uri=uri, generation=generation)
    frames = tuple(
        replace(frame, video_uri=uri, generation=generation, image_id=f"{number:04}-{at}")
        for at, frame in enumerate(SOME.frames)
    )
    open_ledger(str(place)).commit([Extraction(video, frames)])


def kept(place):
    return read_snapshot(users_cache(Project(str(place))))


def shown(place):
    with catalog_of(place) as catalog:
        assert catalog.problems == []
        return [catalog.rows(sql) for sql in TABLES]


def by_place(tables):
    """In an order of their own: several threads may have numbered the frames."""
    frames, videos = tables
    rows = [{**row, "n": 0} for row in frames]
    return sorted(rows, key=lambda row: (row["video_uri"], row["pts_seconds"])), videos


def read_anew(place, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(place_rows, "LEAST_VIDEOS", 1 << 30)
        return shown(place)


@pytest.fixture
def made(monkeypatch):
    """How often a snapshot was made."""
    times = []
    make = place_rows.make_snapshot

    def counted(*given):
        times.append(given)
        return make(*given)

    monkeypatch.setattr(place_rows, "make_snapshot", counted)
    return times


def test_what_was_kept_is_what_reading_gives(place, made, monkeypatch):
    first, again = shown(place), shown(place)
    assert first == again
    assert by_place(first) == by_place(read_anew(place, monkeypatch))
    assert [row["n"] for row in again[0]] == list(range(LEAST_VIDEOS * len(SOME.frames)))
    assert len(made) == 1


def test_new_videos_are_read_beside_what_was_kept(place, made, monkeypatch):
    shown(place)
    add(place, LEAST_VIDEOS)
    with catalog_of(place) as catalog:
        add(place, LEAST_VIDEOS + 1)
        assert catalog.refresh()
        assert not catalog.refresh()
        assert catalog.epoch == 0
        frames, videos = [catalog.rows(sql) for sql in TABLES]
    assert [row["n"] for row in frames] == list(range((LEAST_VIDEOS + 2) * len(SOME.frames)))
    assert by_place((frames, videos)) == by_place(read_anew(place, monkeypatch))
    assert len(made) == 1
    for number in range(LEAST_VIDEOS, 2 * LEAST_VIDEOS):
        add(place, number)
    assert by_place(shown(place)) == by_place(read_anew(place, monkeypatch))
    assert len(made) == 2


@pytest.mark.parametrize("is_open", [True, False], ids=["while it is shown", "before"])
def test_a_video_that_is_gone_or_extracted_again_is_not_shown_as_it_was(
    place, made, monkeypatch, is_open
):
    shown(place)

    def change():
        first = next(iter(kept(place).stamps))
        (place / "videos" / f"{first}.parquet").unlink()
        add(place, 7, generation="2")

    if not is_open:
        change()
    with catalog_of(place) as catalog:
        if is_open:
            change()
            assert catalog.refresh()
        assert catalog.epoch == is_open
        found = [catalog.rows(sql) for sql in TABLES]
    assert by_place(found) == by_place(read_anew(place, monkeypatch))
    assert len(made) == (1 if is_open else 2)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.write_bytes(b"DUCK"), id="another file"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:5000]), id="cut short"),
        pytest.param(lambda path: path.unlink(), id="deleted"),
    ],
)
def test_what_cannot_be_used_is_made_anew(place, made, damage):
    before = shown(place)
    damage(kept(place).path)
    assert shown(place) == before
    assert kept(place) is not None
    assert len(made) == 2


def test_where_nothing_can_be_kept_the_ledgers_are_read(place, tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "vidset").write_text("a file stands here")
    assert by_place(shown(place)) == by_place(read_anew(place, monkeypatch))


def test_a_damaged_ledger_is_told_and_nothing_is_kept(place):
    (place / "frames" / next((place / "frames").iterdir()).name).write_bytes(b"PAR1")
    with catalog_of(place) as catalog:
        [problem] = catalog.problems
    assert "is no Parquet file" in problem
    assert kept(place) is None


def test_what_a_killed_server_or_another_vidset_left_is_cleared(place):
    folder = users_cache(Project(str(place)))
    folder.mkdir(parents=True)
    for name in (".ledgers-0.duckdb.1.unfinished", "ledgers-0.duckdb", "thumbnails.sqlite"):
        (folder / name).write_text("x")
    shown(place)
    assert {each.name for each in folder.iterdir()} == {kept(place).path.name, "thumbnails.sqlite"}
    assert kept(place).path.stat().st_mode & 0o077 == 0


def test_one_that_is_replaced_while_it_is_opened_costs_nothing_but_time(place, monkeypatch):
    before = shown(place)
    opened = MemoryTables.open

    def too_late(tables, found=None):
        if found is not None:
            found.path.unlink()
        opened(tables, found)

    monkeypatch.setattr(MemoryTables, "open", too_late)
    assert by_place(shown(place)) == by_place(before)


def test_a_server_that_ends_makes_none(place, monkeypatch):
    ended = Catalog(Project(str(place)), reads_later=True)
    ended.end()
    with pytest.raises(EndingError):
        ended.refresh()
    ended.close()
    assert kept(place) is None


def test_a_question_reaches_no_file_beside_what_was_kept(place):
    shown(place)
    with catalog_of(place) as catalog:
        path = shutil.copy(kept(place).path, place / "other.duckdb")
        for sql in (f"ATTACH '{path}' AS other", f"FROM read_csv('{place}/vidset.toml')"):
            with pytest.raises(snapshot.duckdb.Error, match="disabled"):
                catalog.rows(sql)
        with pytest.raises(snapshot.duckdb.Error, match="read-only"):
            catalog.rows("DELETE FROM before.frames")
