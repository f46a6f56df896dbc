"""A place of an earlier version is upgraded: said first, backed up, and nothing is lost."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.called import vidset
from vidset.place_format import FORMAT
from vidset.places.upgrade import MIGRATIONS, Migration, plan_upgrade, upgrade_place


def contents(place: Path) -> dict[str, str]:
    """By name, the hashes of all files but those that SQLite writes when it is read."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def two_steps(place: Path, *, fails: bool) -> tuple[Migration, ...]:
    """Another step behind the first: it changes a file, and may break off after that."""
    notes = place / "notes.txt"

    def apply(_: Path) -> None:
        notes.write_text("new")
        if fails:
            raise OSError("the disk is full")

    return (*MIGRATIONS, Migration(FORMAT + 1, "rewrite the notes", lambda _: [notes], apply))


def test_the_steps_lead_to_the_format_of_this_vidset():
    assert [each.to for each in MIGRATIONS] == [*range(1, FORMAT + 1)]


def test_a_place_of_0_1_is_upgraded_and_keeps_every_byte(version_0_1):
    place = version_0_1 / "place"
    before = contents(place)
    planned = vidset("upgrade", str(place), "--dry-run", "--json")
    assert (planned.code, planned.found["found"], planned.found["is_done"]) == (0, 0, False)
    assert contents(place) == before
    done = vidset("upgrade", str(place), "--json")
    assert (done.code, done.found["now"], done.found["is_done"]) == (0, FORMAT, True)
    after = contents(place)
    assert {name: after.get(name) for name in before} == before
    assert after.keys() - before.keys() == {"vidset.json", "backups/format-0/labels.sqlite"}
    assert json.loads((place / "vidset.json").read_text())["format"] == FORMAT


def test_an_upgraded_place_stays_as_it_is(version_0_1):
    place = version_0_1 / "place"
    upgrade_place(place)
    before = contents(place)
    assert upgrade_place(place).steps == ()
    assert contents(place) == before


def test_an_upgrade_that_was_stopped_goes_on(version_0_1):
    place = version_0_1 / "place"
    (place / "notes.txt").write_text("old")
    with pytest.raises(OSError, match="the disk is full"):
        upgrade_place(place, two_steps(place, fails=True))
    assert json.loads((place / "vidset.json").read_text())["format"] == FORMAT
    done = upgrade_place(place, two_steps(place, fails=False))
    assert done.steps == ("rewrite the notes",)
    assert json.loads((place / "vidset.json").read_text())["format"] == FORMAT + 1
    assert (place / "notes.txt").read_text() == "new"
    assert (place / "backups" / "format-0" / "notes.txt").read_text() == "old"


def test_a_place_of_a_newer_vidset_is_refused(tmp_path):
    (tmp_path / "vidset.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="was written by a newer vidset"):
        plan_upgrade(tmp_path)
    refused = vidset("upgrade", str(tmp_path))
    assert refused.code == 2
    assert "was written by a newer vidset (format 99" in refused.err


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        pytest.param(None, "is no place of vidset", id="no place"),
        pytest.param("{", "vidset.json is damaged", id="no JSON"),
        pytest.param('{"format": "1"}', "wanted a number as its format, got '1'", id="text"),
    ],
)
def test_what_is_no_place_is_named(tmp_path, marker, told):
    if marker is not None:
        (tmp_path / "vidset.json").write_text(marker)
    with pytest.raises(ValueError, match=told):
        upgrade_place(tmp_path)
