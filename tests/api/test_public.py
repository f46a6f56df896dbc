"""What is public stays as it is: a change here is a change for everybody who uses vidset."""

import inspect
import subprocess
import sys
import types

import vidset
from tests.paths import ROOT

FUNCTIONS = {
    "dataset": "version, place, *, source, cache, cache_bytes",
    "extract": "sources, place, *, every, similarity, local_change, metric, tolerance, "
    "jpeg_quality, min_sharpness, min_brightness, max_brightness, spans, redo, collector, rights, "
    "workers, full",
    "open": "place",
    "train": "version, place, *, seeds, model, epochs, splits, threads, device, precision, cap, "
    "allow_leaks, tell",
}
CLASSES = {
    "Dataset": {
        "classes": None,
        "details": None,
        "entries": "split",
        "id": None,
        "picture": "entry",
        "read": "entry",
        "splits": None,
        "stream": "split, *, seed, epoch, shard, start",
        "table": "split",
        "torch": "split, transform",
        "torch_stream": "split, transform, *, seed, epoch, shard, start",
        "write_tar": "file, split, *, seed, epoch, shard, start",
    },
    "Entry": {"labels": None, "stated": None, "things": None},
    "Place": {
        "annotations": None,
        "frames": None,
        "image": "image_id",
        "image_bytes": "image_id",
        "sql": "query",
        "videos": None,
    },
    "Shard": {"cut": "order"},
    "StreamedImage": {},
    "Table": {"arrow": "", "batches": "rows", "pandas": "", "relation": ""},
}
FIELDS = {
    "Entry": "image_sha256 image_uri image_format width height label objects group split origin "
    "source parent made_by collector_id video_uri pts_seconds rights",
    "Shard": "rank ranks worker workers is_even",
    "StreamedImage": "number entry data",
}


def words_of(function) -> str:
    """Returns a function's parameters, with a star before those that have to be named."""
    found, is_named = [], False
    for each in inspect.signature(function).parameters.values():
        if each.name == "self":
            continue
        if each.kind is each.KEYWORD_ONLY and not is_named:
            found.append("*")
            is_named = True
        found.append(each.name)
    return ", ".join(found)


def test_public_names_are_these():
    assert sorted(vidset.__all__) == sorted({*FUNCTIONS, *CLASSES})
    assert set(vidset.__all__) <= set(dir(vidset))


def test_functions_take_these_parameters():
    assert {name: words_of(getattr(vidset, name)) for name in FUNCTIONS} == FUNCTIONS


def test_classes_have_these_members_and_fields():
    found, fields = {}, {}
    for name in CLASSES:
        one = getattr(vidset, name)
        own = getattr(one, "__dataclass_fields__", {})
        if own:
            fields[name] = " ".join(own)
        found[name] = {
            member: words_of(value) if isinstance(value, types.FunctionType) else None
            for member, value in vars(one).items()
            if not member.startswith("_") and member not in own
        }
    assert found == CLASSES
    assert fields == FIELDS


def test_every_public_name_is_typed_and_documented():
    page = (ROOT / "docs" / "python.md").read_text()
    for name in vidset.__all__:
        assert getattr(vidset, name).__doc__
        assert f"vidset.{name}" in page, name


def test_importing_vidset_imports_nothing_else():
    code = "import sys, vidset; print([n for n in sys.modules if n.startswith('vidset.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_name_that_is_not_public_is_none():
    assert not hasattr(vidset, "Datasett")
