"""Push and pull, through the command line, on a folder and on the buckets' servers."""

import random
import signal
import time

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.programs.started import Started
from vidset.datasets.versions.repository import Repository


def draw(folder, images, start=0):
    """Random noise, so that no two are alike."""
    for number in range(start, start + images):
        place = folder / ("train" if number % 4 else "validation") / ("a" if number % 2 else "b")
        place.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        cv2.imwrite(str(place / f"{number}.png"), noise)


def create(tmp_path, name, images):
    draw(tmp_path / "images", images)
    made = vidset(
        *("dataset", "create", tmp_path / "images", "--name", name, "--move", "--json"),
        *("-p", tmp_path / "here", "--near-distance", "off"),
    )
    assert made.code == 0, made.err
    return made.found["version"]


@pytest.fixture(
    params=[
        "folder",
        pytest.param("gcs", marks=pytest.mark.emulator),
        pytest.param("s3", marks=pytest.mark.emulator),
    ]
)
def place(request, tmp_path):
    if request.param == "folder":
        return str(tmp_path / "shared place")
    server = request.getfixturevalue(request.param)
    server.make_bucket("versions")
    return f"{'gs' if request.param == 'gcs' else 's3'}://versions/team a"


def test_what_is_pushed_is_pulled_elsewhere_as_it_was(tmp_path, place):
    id_ = create(tmp_path, "v1", 12)
    pushed = vidset("dataset", "push", "v1", "--to", place, "-p", tmp_path / "here", "--json")
    assert pushed.code == 0, pushed.err
    assert (pushed.found["versions"], pushed.found["names"]) == ([id_], ["v1"])
    assert (pushed.found["images"], pushed.found["remote"]) == (12, place)
    pulled = vidset("dataset", "pull", "v1", "--from", place, "-p", tmp_path / "there", "--json")
    assert pulled.code == 0, pulled.err
    assert pulled.found["images"] == 12
    here, there = (
        Repository(tmp_path / "here" / "datasets"),
        Repository(tmp_path / "there" / "datasets"),
    )
    assert there.manifest("v1").table.equals(here.manifest("v1").table)
    assert there.details("v1") == here.details("v1")
    schemas = [(each.root / "schema.json").read_text() for each in (here, there)]
    assert schemas[0] == schemas[1]
    assert vidset("dataset", "verify", "-p", tmp_path / "there").code == 0


def test_a_second_push_or_pull_transfers_what_is_new_alone(tmp_path, place):
    create(tmp_path, "v1", 12)
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path / "here").code == 0
    assert vidset("dataset", "pull", "--from", place, "-p", tmp_path / "there").code == 0
    create(tmp_path, "v2", 15)
    for command, option, repository in ("push", "--to", "here"), ("pull", "--from", "there"):
        done = vidset("dataset", command, option, place, "-p", tmp_path / repository, "--json")
        assert done.found["images"] == 3
        assert len(done.found["versions"]) == 2


def test_a_pull_brings_back_what_was_lost_here(tmp_path):
    id_, place, there = create(tmp_path, "v1", 12), tmp_path / "place", tmp_path / "there"
    pull = ("dataset", "pull", "--from", place, "-p", there, "--json")
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path / "here").code == 0
    assert vidset(*pull).code == 0
    lost, *_ = sorted((there / "datasets" / "images").glob("*/*.png"))
    before = lost.read_bytes()
    lost.unlink()
    assert vidset(*pull).found["images"] == 1
    assert lost.read_bytes() == before
    # Images without their version, as a pull leaves them that was killed.
    version = there / "datasets" / "versions" / id_
    measures = (version / "measures.parquet").read_bytes()
    (version / "version.json").unlink()
    (version / "measures.parquet").unlink()
    lost.unlink()
    assert vidset(*pull).found["images"] == 1
    assert (version / "measures.parquet").read_bytes() == measures
    assert vidset("dataset", "verify", "-p", there).code == 0


def test_a_name_is_moved_only_when_told(tmp_path, place):
    create(tmp_path, "current", 12)
    assert vidset("dataset", "push", "current", "--to", place, "-p", tmp_path / "here").code == 0
    newer = create(tmp_path, "current", 15)
    refused = vidset("dataset", "push", "current", "--to", place, "-p", tmp_path / "here")
    assert refused.code == 1
    assert f"wanted {newer}" in refused.err
    moved = ("dataset", "push", "current", "--to", place, "--move", "-p", tmp_path / "here")
    assert vidset(*moved).code == 0
    assert vidset("dataset", "pull", "current", "--from", place, "-p", tmp_path / "there").code == 0
    assert Repository(tmp_path / "there" / "datasets").resolve("current") == newer


def test_a_damaged_image_is_neither_pushed_nor_pulled(tmp_path):
    create(tmp_path, "v1", 4)
    place = tmp_path / "place"
    image = next((tmp_path / "here" / "datasets" / "images").rglob("*.png"))
    whole = image.read_bytes()
    image.write_bytes(whole[:-1] + b"x")
    refused = vidset("dataset", "push", "--to", place, "-p", tmp_path / "here")
    assert refused.code == 1
    assert f"wanted the SHA-256 {image.stem}" in refused.err
    assert not list(place.rglob("version.json"))
    image.write_bytes(whole)
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path / "here").code == 0
    (place / "images" / image.parent.name / image.name).write_bytes(whole[:-1] + b"x")
    refused = vidset("dataset", "pull", "--from", place, "-p", tmp_path / "there")
    assert refused.code == 1
    assert f"wanted the SHA-256 {image.stem}" in refused.err
    assert Repository(tmp_path / "there" / "datasets").versions() == []


def test_an_image_that_is_there_in_part_is_pushed_again(tmp_path):
    create(tmp_path, "v1", 4)
    place = tmp_path / "place"
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path / "here").code == 0
    image = next((place / "images").rglob("*.png"))
    image.write_bytes(image.read_bytes()[:20])
    again = vidset("dataset", "push", "--to", place, "-p", tmp_path / "here", "--json")
    assert again.found["images"] == 1
    assert vidset("dataset", "pull", "--from", place, "-p", tmp_path / "there").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("push", "ftp://bucket"), "wanted a folder, gs://", id="scheme"),
        pytest.param(("push", "place", "v9"), "no version 'v9'", id="no version here"),
        pytest.param(("pull", "place", "v9"), "no version 'v9'", id="no version there"),
        pytest.param(("pull", "nowhere"), "there is none", id="no folder"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, arguments, message):
    create(tmp_path, "v1", 2)
    command, place, *versions = arguments
    place = place if "://" in place else tmp_path / place
    if arguments[:2] == ("pull", "place"):
        place.mkdir()
    option = "--to" if command == "push" else "--from"
    wrong = ("dataset", command, *versions, option, place, "-p", tmp_path / "here")
    ended = vidset(*wrong)
    assert ended.code == 2
    assert message in ended.err


@pytest.mark.slow
def test_a_killed_push_shows_no_version_and_goes_on_where_it_was(tmp_path):
    id_ = create(tmp_path, "v1", 120)
    place = tmp_path / "place"
    command = ("dataset", "push", "--to", place, "-p", tmp_path / "here", "--quiet")
    chance = random.Random(1)
    for _ in range(4):
        with (tmp_path / "log").open("wb") as said:
            process = Started(command, said, said)
        before = len(list(place.glob("images/*/*.png")))
        limit = before + chance.randint(1, 25)
        while process.poll() is None and len(list(place.glob("images/*/*.png"))) < limit:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not (place / "versions" / id_ / "version.json").exists():
            there = vidset("dataset", "pull", "--from", place, "-p", tmp_path / "there", "--json")
            assert there.found["versions"] == []
    assert vidset("dataset", "push", "--to", place, "-p", tmp_path / "here").code == 0
    assert vidset("dataset", "pull", "v1", "--from", place, "-p", tmp_path / "there").code == 0
    assert vidset("dataset", "verify", "-p", tmp_path / "there").code == 0
