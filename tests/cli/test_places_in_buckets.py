"""A place in a bucket: each command works there, or is refused with what to do instead."""

import re
from typing import Any

import pytest

from tests.cli.called import CLI, Called, vidset
from vidset.cli.results import commands_below

pytestmark = pytest.mark.emulator
PLACES = {"s3": "s3://teams/roads", "gcs": "gs://teams-bucket/roads"}
IN_A_FOLDER = r"is in a bucket, and vidset {} works on a folder of this machine"
NO_STORE = "is in a bucket, and tasks and annotations are kept elsewhere: wanted --store"
# What works where nothing but videos was extracted, with the next command; {} is the place.
WORKS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "status": ((), "vidset label dispatch --store sqlite:labels.sqlite -p {}"),
    "extract": (("{video}",), "vidset plan -p {}"),
    "forget": (("{video}", "--dry-run"), None),
    "trace": (("video:{video}",), None),
    "rights": (("{video}", "--rights", "license=CC0-1.0", "--yes"), None),
    "plan": ((), "vidset label dispatch --store sqlite:labels.sqlite -p {}"),
    "duplicates": (
        ("--workers", "1"),
        "vidset label dispatch --store sqlite:labels.sqlite -p {}",
    ),
    "upgrade": ((), "vidset status -p {}"),
}
# What is refused, by its arguments and what is said.
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "backup": (("file.sqlite",), "only a store in a file"),
    "restore": (("file.sqlite",), "FILE file.sqlite: there is no such file"),
    "export": (("-f", "coco", "-o", "exported"), NO_STORE),
    "sync": ((), NO_STORE),
    "predict": ((), "is in a bucket, which keeps no runs: wanted RUN, got none"),
    "select": (("--budget", "3"), NO_STORE),
    "sql": ((), "wanted a warehouse in a folder, which this one is not"),
    **{
        f"label {name}": (arguments, NO_STORE)
        for name, arguments in {
            "connect": (),
            "dispatch": (),
            "status": (),
            "serve": (),
            "reconcile": (),
            "quarantine": (),
            "import": ("coco:file.json",),
        }.items()
    },
    **{
        name: (arguments, IN_A_FOLDER.format(name))
        for name, arguments in {
            "train": (),
            "evaluate": (),
            "compare": ("a", "vs", "b"),
            "errors": (),
            "review": (),
            "loop": ("loop.yaml",),
            "dataset create": (),
            "dataset list": (),
            "dataset show": (),
            "dataset diff": ("a", "b"),
            "dataset name": ("a", "b"),
            "dataset check": (),
            "dataset statistics": (),
            "dataset scores": (),
            "dataset verify": (),
            "dataset apply": ("a", "file"),
            "dataset fix": ("a", "file"),
            "dataset push": ("--to", "there"),
            "dataset pull": ("--from", "there"),
        }.items()
    },
}
# Upload events from a queue: tests/watch. A page that is served until it is stopped: tests/view.
# Blurring takes a detector: tests/privacy.
ELSEWHERE = {"watch", "view", "blur"}


@pytest.fixture(params=PLACES)
def place(request, video, tmp_path, monkeypatch) -> str:
    """A place in a bucket with one video, and a folder of this machine to type in."""
    place = PLACES[request.param]
    server: Any = request.getfixturevalue(request.param)
    server.make_bucket(place.split("/")[2])
    monkeypatch.chdir(tmp_path)
    assert vidset("extract", video, "-p", place).code == 0
    return place


def test_every_command_that_takes_a_place_is_named_here():
    takes = {
        name
        for name, command in commands_below(CLI)
        if any("--place" in each.opts for each in command.params)
    }
    assert takes - {*WORKS, *REFUSED, *ELSEWHERE} == set()


def test_each_command_works_in_a_bucket_or_says_what_to_do(place, video):
    for name, (arguments, following) in WORKS.items():
        called = vidset(
            *name.split(), *(each.format(video=video) for each in arguments), "-p", place
        )
        wanted = following and following.format(place)
        assert (called.code, called.next) == (0, wanted), (name, called)
    for name, (arguments, said) in REFUSED.items():
        called = vidset(*name.split(), *arguments, "-p", place)
        assert (called.code, called.out) == (2, ""), (name, called)
        assert re.search(said, called.refusal), (name, called.refusal)
        # What is wrong is the place, its store, or a file that was named.
        named = (place, "store", "file.sqlite")
        assert any(each in called.refusal for each in named), (name, called.refusal)


def test_labels_of_a_place_in_a_bucket_are_kept_in_a_store_that_is_named(place, tmp_path):
    store = ("--store", f"sqlite:{tmp_path}/labels.sqlite")

    def works(*words: str) -> Called:
        called = vidset(*words, "-p", place)
        assert called.code == 0, called
        return called

    status = works("label", "status", *store)
    assert (
        status.next == f"vidset label dispatch --store sqlite:{tmp_path}/labels.sqlite -p {place}"
    )
    synced = works("sync", *store, "--warehouse", f"{tmp_path}/warehouse")
    assert "1 video new or changed" in synced.out
    assert (tmp_path / "warehouse" / "frames").is_dir()


def test_images_of_a_place_in_a_bucket_are_selected_and_selections_are_kept_there(place, tmp_path):
    store = ("--store", f"sqlite:{tmp_path}/labels.sqlite")
    selected = vidset("select", "--budget", "2", *store, "-p", place, "--json")
    assert selected.code == 0, selected.err
    assert selected.found["output"].startswith(f"{place}/selections/")
    assert len(selected.found["images"]) == 2
    # What was chosen is not chosen again.
    again = vidset("select", "--budget", "9", *store, "-p", place, "--json").found
    assert again["passed_over"]["selected"] == 2
    named = vidset("select", "--budget", "2", "--run", "v0-1", *store, "-p", place)
    assert named.code == 2
    assert f"{place} is in a bucket, and vidset select --run finds no run 'v0-1'" in named.refusal
