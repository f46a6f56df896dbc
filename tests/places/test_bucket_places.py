"""A place in a bucket has its format, is refused when it is newer, and is upgraded."""

import json

import pytest

from tests.cli.called import vidset
from vidset.place_format import FORMAT
from vidset.places.upgrade import MIGRATIONS, Migration, upgrade_place
from vidset.project import find_project, make_place

pytestmark = pytest.mark.emulator


@pytest.fixture
def place(s3) -> str:
    return f"s3://{s3.make_bucket('roads')}/trucks"


def put(s3, name: str, text: str) -> None:
    s3.client().put_object(Bucket="roads", Key=f"trucks/{name}", Body=text.encode())


def got(s3, name: str) -> dict:
    return json.loads(s3.client().get_object(Bucket="roads", Key=f"trucks/{name}")["Body"].read())


def test_a_place_that_is_made_says_its_format_and_what_wrote_it(s3, place, tmp_path):
    make_place(find_project(place, environment={}, cwd=tmp_path, is_made=True))
    marker = got(s3, "vidset.json")
    assert marker["format"] == FORMAT
    assert marker["written_by"].startswith("vidset 0.")
    assert marker["decoder"].startswith("PyAV 1")


@pytest.mark.parametrize("command", ["plan", "status", "sql", "upgrade", "sync"])
def test_a_newer_place_is_refused_by_each_command(s3, place, command):
    put(s3, "vidset.json", '{"format": 99}')
    refused = vidset(command, "-p", place)
    assert refused.code == 2
    assert f"{place} was written by a newer vidset (format 99" in refused.err


def test_a_newer_place_is_not_written_to(s3, place, tmp_path):
    put(s3, "vidset.json", '{"format": 99}')
    (tmp_path / "a.mp4").write_bytes(b"no video")
    refused = vidset("extract", tmp_path / "a.mp4", "-o", place)
    assert (refused.code, "written by a newer vidset" in refused.err) == (2, True)
    listed = s3.client().list_objects_v2(Bucket="roads")["Contents"]
    assert [each["Key"] for each in listed] == ["trucks/vidset.json"]


def test_a_place_without_a_format_is_upgraded_after_a_dry_run(s3, place):
    put(s3, "videos/a.parquet", "rows")
    planned = vidset("upgrade", place, "--dry-run", "--json")
    assert (planned.code, planned.found["found"], planned.found["is_done"]) == (0, 0, False)
    assert s3.client().list_objects_v2(Bucket="roads")["KeyCount"] == 1
    done = vidset("upgrade", place, "--json")
    assert (done.code, done.found["now"], done.found["backup"]) == (0, FORMAT, None)
    assert got(s3, "vidset.json")["format"] == FORMAT


def test_what_a_step_replaces_in_a_bucket_is_kept(s3, place):
    put(s3, "vidset.json", '{"format": 1, "written_by": "vidset 0.1.0"}')
    step = Migration(
        FORMAT + 1,
        "note the weather",
        lambda _: [],
        lambda _: None,
        lambda store: store.put("weather.json", b"{}", "application/json"),
    )
    upgrade_place(place, (*MIGRATIONS, step))
    assert got(s3, "vidset.json")["format"] == FORMAT + 1
    assert got(s3, "backups/format-1/vidset.json")["written_by"] == "vidset 0.1.0"
    assert got(s3, "weather.json") == {}


def test_a_prefix_that_is_no_place_is_not_upgraded(s3, place):
    refused = vidset("upgrade", place)
    assert refused.code == 2
    assert f"{place} is no place of vidset" in refused.err
