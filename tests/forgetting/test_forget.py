"""`vidset forget`: a video goes with all that came of it. Kills: test_killed.py."""

import json
import os
import shutil
import time
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.forgetting.places import A, B, FakeVendor, make_place, traces_of
from vidset.datasets.versions.repository import Repository
from vidset.elements import Upload
from vidset.forgetting.forget import Forgetting
from vidset.forgetting.journal import Choice, read_journal, write_journal
from vidset.intake.ingest import Ingest
from vidset.project import find_project
from vidset.settings import ExtractionSettings


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_place(tmp_path_factory.mktemp("made") / "place").parent


@pytest.fixture
def place(made, tmp_path):
    """A copy: uris of sources and images stay those of the place that was copied."""
    shutil.copytree(made / "place", tmp_path / "place")
    return tmp_path / "place"


def source_of(made: Path, video: str) -> Path:
    return made / "sources" / video


def open_forgetting(place: Path, vendor: FakeVendor | None = None) -> Forgetting:
    return Forgetting(find_project(str(place)), lambda name: vendor or FakeVendor(name))  # type: ignore[return-value]


def forget(place: Path, *videos: str, **options):
    opened = open_forgetting(place)
    journal = opened.find(Choice(videos or (A,)), "eve", keep_source=True, **options)
    return opened.forget(journal)


def files_of(place: Path) -> list[tuple[Path, int]]:
    """Return all files with their times, but for SQLite's own, which readers make as well."""
    files = (path for path in place.rglob("*") if path.is_file())
    return sorted((path, path.stat().st_mtime_ns) for path in files if "sqlite-" not in path.name)


def test_nothing_is_left_of_a_video_and_all_of_the_others(place):
    assert list(traces_of(place, A))
    others = len(list(traces_of(place, B)))
    receipt = forget(place)
    assert receipt.left == {}
    assert list(traces_of(place, A)) == []
    # The old version's lines about its names are the only ones that may be fewer.
    assert len(list(traces_of(place, B))) >= others - 4
    assert receipt.deleted["images"] == 3
    assert receipt.deleted["blurred copies"] == 1
    assert receipt.deleted["tasks at scale"] == 3
    assert receipt.deleted["documents of annotations"] == 3
    assert receipt.deleted["rows of frames"] == 3
    assert receipt.deleted["tags"] == 2
    # A vector of each image, and that one of them was checked for faces.
    assert receipt.deleted["rows of vectors and selections"] == 4


def test_a_dry_run_deletes_nothing_and_counts_the_same(place):
    before = files_of(place)
    opened = open_forgetting(place)
    looked = opened.look(opened.find(Choice((A,)), "eve", keep_source=True))
    assert files_of(place) == before
    receipt = forget(place)
    assert looked.is_dry
    assert {**looked.deleted, "caches": 0} == {**receipt.deleted, "caches": 0}
    assert (looked.runs, looked.versions) == (receipt.runs, receipt.versions)


def test_a_version_keeps_its_id_and_what_is_left_gets_its_name(place):
    repository = Repository(place / "datasets")
    id_, images = repository.resolve("v0"), repository.number_of_images("v0")
    assert forget(place).versions == [id_]
    assert repository.number_of_images(id_) == images - 3
    left = repository.resolve("v0")
    assert left != id_
    assert repository.details(left)["parents"] == [id_]
    assert repository.manifest(left).id == left
    # The tombstone stands for the content that is left, and for no other.
    assert len(repository.manifest(id_)) == images - 3
    verified = vidset("dataset", "verify", "-p", place)
    assert (verified.code, "0 damaged" in verified.out) == (0, True)
    assert vidset("dataset", "show", "v0", "-p", place).code == 0
    rows = vidset("sql", "SELECT forgotten FROM versions ORDER BY forgotten", "-p", place, "--json")
    assert rows.found["rows"] == [{"forgotten": 0}, {"forgotten": 3}]


def test_its_images_do_not_come_back_from_a_remote_that_has_them(place, tmp_path):
    remote = ("-p", place, "--json")
    vidset("dataset", "push", "--to", tmp_path / "remote", *remote)
    forget(place)
    repository = Repository(place / "datasets")
    [old] = [each for each in repository.versions() if each != repository.resolve("v0")]
    images = set((place / "datasets" / "images").rglob("*.*"))
    for words in ((), (old,)):
        pulled = vidset("dataset", "pull", *words, "--from", tmp_path / "remote", *remote)
        assert (pulled.code, pulled.found["forgotten"], pulled.found["names"]) == (0, [old], [])
    assert set((place / "datasets" / "images").rglob("*.*")) == images
    assert list(traces_of(place, A)) == []
    pushed = vidset("dataset", "push", "--to", tmp_path / "another", "-p", place)
    assert f"version {old[:12]} is left out: vidset forget removed images" in pushed.out
    assert vidset("dataset", "push", old, "--to", tmp_path / "another", "-p", place).code == 1


def test_runs_that_were_trained_on_it_are_named_and_their_predictions_go(place):
    receipt = forget(place)
    assert receipt.runs == ["v0-1"]


def test_what_killed_commands_left_half_written_goes_but_not_what_is_being_written(place):
    """The bytes of an image whose extraction was killed have no name that tells of them."""
    [store, living, old, young] = (
        place / "images" / ".partial" / "7-left",
        place / "images" / ".partial" / "8-living",
        place / "datasets" / "versions" / ".manifest.parquet.0123456789abcdef.unfinished",
        place / "runs" / ".run.json.0123456789abcdef.unfinished",
    )
    for path in (store, living, old, young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"may be of the video")
    day_ago = time.time() - 86400
    os.utime(old, (day_ago, day_ago))
    with living.open("r+b") as file:
        flock(file, LOCK_EX)
        receipt = forget(place)
    assert receipt.left == {}
    assert receipt.deleted["half written files"] == 2
    assert [path.exists() for path in (store, living, old, young)] == [False, True, False, True]


def test_the_source_goes_unless_it_is_kept_and_only_in_its_generation(place, made):
    source = source_of(made, B)
    data = source.read_bytes()
    opened = open_forgetting(place)
    source.write_bytes(b"another recording of the same name")
    journal = opened.find(Choice((B,)), "eve")
    assert "videos" not in opened.look(journal).deleted
    source.write_bytes(data)
    assert opened.forget(journal).deleted["videos"] == 1
    assert not source.exists()
    source.write_bytes(data)


def test_a_forgotten_video_is_not_taken_in_again(place, made):
    forget(place)
    ingest = Ingest(ExtractionSettings(), str(place / "images"), str(place))
    upload = Upload(str(source_of(made, A)), A)
    assert ingest.look(upload).what == "skipped"
    assert ingest.take(upload).what == "skipped"
    called = vidset("extract", source_of(made, A), "-o", place, "--json")
    counts = {name: called.found[name] for name in ("skipped", "skipped_with_other_settings")}
    assert counts == {"skipped": 1, "skipped_with_other_settings": 0}
    assert "a.mp4" not in json.dumps(
        [path.read_text() for path in (place / "forgotten").glob("*.json")]
    )


def test_a_vendor_that_cannot_be_opened_is_said_before_anything_is_deleted(place):
    called = vidset("forget", A, "--yes", "-p", place, "--keep-source")
    assert called.code == 2
    assert "the tasks at scale cannot be taken back" in called.refusal
    assert read_journal(str(place)) is None
    assert not (place / "forgotten").exists()


def test_the_command_asks_and_prints_a_receipt(place):
    refused = vidset("forget", A, "-p", place, "--keep-tasks", "--keep-source")
    assert "Delete all this of 1 video? It cannot be undone." in refused.refusal
    called = vidset("forget", A, "-p", place, "--keep-tasks", "--keep-source", "--yes", "--json")
    assert called.code == 0, called.err
    found = called.found
    assert found["kept"] == [
        "the videos themselves (--keep-source)", "the vendors' tasks (--keep-tasks)",
    ]  # fmt: skip
    assert found["next"].startswith("vidset train")
    assert vidset("forget", "cam1/a.mp4", "--dry-run", "-p", place).refusal.startswith(
        "cam1/a.mp4: wanted a video of"
    )


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice(collector="cam2"), [B]),
        (Choice(before=datetime(2026, 1, 5, tzinfo=UTC)), [A]),
        (Choice(before=datetime(2025, 1, 1, tzinfo=UTC)), []),
        (Choice(collector="cam1", before=datetime(2027, 1, 1, tzinfo=UTC)), [A, B]),
    ],
)
def test_videos_are_chosen_by_collector_and_by_day(place, choice, wanted):
    journal = open_forgetting(place).find(choice, "eve")
    assert sorted("/".join(each.uri.split("/")[-2:]) for each in journal.videos) == wanted


def test_a_call_that_is_stopped_keeps_what_the_next_one_wants_to_keep(place, made):
    opened = open_forgetting(place)
    write_journal(str(place), opened.find(Choice((A,)), "eve"))
    assert vidset("forget", "--dry-run", "-p", place, "--json").found["deleted"]["videos"] == 1
    called = vidset("forget", "--keep-source", "--keep-tasks", "--yes", "-p", place, "--json")
    assert (called.code, called.found["left"]) == (0, {}), called.err
    assert source_of(made, A).exists()


def test_two_calls_at_once_do_not_forget_each_others_journal(place):
    one, other = open_forgetting(place), open_forgetting(place)
    late = other.find(Choice((B,)), "adam", keep_source=True)
    write_journal(str(place), one.find(Choice((A,)), "eve", keep_source=True))
    with pytest.raises(ValueError, match="another call of vidset forget deletes 1 videos"):
        other.forget(late)
    assert list(traces_of(place, B))
    kept = read_journal(str(place))
    assert kept is not None
    assert [each.uri.endswith(A) for each in kept.videos] == [True]


def test_bad_usage_is_said(place):
    several = vidset("forget", "--collector", "cam1", "--before", "2026-01-31", "-p", place)
    assert several.refusal.startswith("wanted one of VIDEO, --collector ID and --before DATE")
    assert vidset("forget", "-p", place).refusal.startswith("wanted a VIDEO, --collector ID")
    assert (
        "--before: wanted a day such as 2026-01-31, got 'soon'"
        in vidset("forget", "--before", "soon", "-p", place).refusal
    )
