"""What is there when an export fails, is killed, or meets another."""

import os
import shutil
import signal
import subprocess
import sys
from fcntl import LOCK_EX, flock

import pytest

from tests.cli.exports import (
    FIRST,
    PERSON,
    SECOND,
    annotate,
    export,
    make_labeled,
    write_annotations,
)
from tests.cli.trees import tree
from vidset.formats.export import export_files
from vidset.formats.registry import names_of_writable
from vidset.labeling.task import Image
from vidset.place import Place


@pytest.mark.parametrize("name", names_of_writable())
def test_an_image_that_is_gone_is_named_and_nothing_is_left(out, to, name):
    (out / "images" / SECOND).unlink()
    with pytest.raises(ValueError, match=f"wanted it at {out}/images/{SECOND}, got nothing"):
        export(name, out, to, lossy=True)
    assert not any(to.parent.iterdir())


def test_before_any_labeling_there_is_no_export_and_no_store(out, to):
    (out / "labels.sqlite").unlink()
    with pytest.raises(ValueError, match=f"nothing was labeled yet: there is no {out}/labels.sqli"):
        export("coco", out, to)
    assert not (out / "labels.sqlite").exists()


def test_without_any_label_there_is_no_export(tmp_path, to):
    out = make_labeled(tmp_path / "other", {})
    with pytest.raises(ValueError, match="wanted images with labels, got none"):
        export("coco", out, to)
    assert not any(to.parent.iterdir())


def test_an_unknown_format_is_refused(out, to):
    with pytest.raises(ValueError, match=r"wanted a format of bdd100k, .*, yolo, got 'coc'"):
        export("coc", out, to)


@pytest.mark.parametrize("name", names_of_writable())
def test_a_name_that_leads_elsewhere_is_refused(out, to, name):
    (out / "secret.jpg").write_bytes((out / "images" / FIRST).read_bytes())
    outside = Image("0" * 32, f"{out}/images/../secret.jpg", 64, 48)
    write_annotations(out / "labels.sqlite", [(outside, (), "labeled")])
    with pytest.raises(ValueError, match=r"wanted a relative file name .*, got '../secret.jpg'"):
        export(name, out, to, lossy=True)
    assert not any(to.parent.iterdir())


def test_images_that_would_be_one_file_are_refused(out, to):
    shutil.copy(out / "images" / FIRST, out / "images" / "a/0/0000000000.png")
    other = Image("0" * 32, f"{out}/images/a/0/0000000000.png", 64, 48)
    write_annotations(out / "labels.sqlite", [(other, (), "labeled")])
    with pytest.raises(ValueError, match="wanted a place for each in Pascal VOC"):
        export("voc", out, to, lossy=True)


@pytest.mark.parametrize(
    "name",
    [
        # A file, and a folder.
        pytest.param(name, marks=() if name in ("coco", "yolo") else pytest.mark.chaos)
        for name in names_of_writable()
    ],
)
def test_a_killed_export_leaves_nothing_that_could_be_taken_for_one(out, to, name):
    code = (
        "import os, signal, sys\n"
        "from vidset.formats.export import export_files\n"
        "from vidset.place import Place\n"
        "kill = lambda done: done == 2 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "place = Place.of(sys.argv[2])\n"
        "export_files(sys.argv[1], place, sys.argv[3], lossy=True, progress=kill)"
    )
    target = to / name
    ended = subprocess.run(
        [sys.executable, "-c", code, name, str(out), str(target)],
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == -signal.SIGKILL
    assert [path.name for path in to.iterdir()] == [f".{name}.unfinished"]
    assert export(name, out, target, lossy=True).images == 4
    assert [path.name for path in to.iterdir()] == [name]


@pytest.mark.parametrize("name", names_of_writable())
def test_what_is_there_already_is_refused_and_replaced_when_told(out, to, name):
    export(name, out, to, lossy=True)
    before = tree(to)
    with pytest.raises(ValueError, match="is there already; --overwrite replaces an earlier"):
        export(name, out, to, lossy=True)
    assert tree(to) == before
    (out / "labels.sqlite").unlink()
    annotate(out, {SECOND: (PERSON,)})
    assert export(name, out, to, lossy=True, overwrite=True).images == 1
    assert [path.name for path in to.parent.iterdir()] == [to.name]
    export(name, out, to.with_name("other"), lossy=True)
    assert tree(to) == tree(to.with_name("other"))


def test_overwrite_replaces_nothing_that_is_no_export(out, to):
    to.mkdir(parents=True)
    (to / "thesis.tex").write_text("x")
    for options in {}, {"overwrite": True}:
        with pytest.raises(ValueError, match=str(to)):
            export("coco", out, to, lossy=True, **options)
    assert tree(to.parent) == {"export/thesis.tex": tree(to)["thesis.tex"]}


def test_overwrite_replaces_no_link(out, to):
    export("coco", out, to.with_name("real"), lossy=True)
    to.symlink_to("real")
    with pytest.raises(ValueError, match="wanted an earlier export to overwrite"):
        export("coco", out, to, lossy=True, overwrite=True)


def test_an_empty_folder_is_taken(out, to):
    to.mkdir(parents=True)
    assert export("coco", out, to, lossy=True).images == 4


def test_a_failed_overwrite_leaves_the_earlier_export(out, to):
    export("coco", out, to, lossy=True)
    before = tree(to.parent)
    with pytest.raises(ValueError, match="cannot say"):
        export("coco", out, to, overwrite=True)
    assert tree(to.parent) == before


def test_a_kill_between_the_renames_costs_nothing(out, to):
    export("coco", out, to, lossy=True)
    before = tree(to)
    # The earlier one is out of the way, and the new one was not yet put in its place.
    to.rename(to.with_name(".export.replaced"))
    with pytest.raises(ValueError, match="is there already"):
        export("coco", out, to, lossy=True)
    assert tree(to) == before
    # The new one is in its place, and the earlier one was not yet removed.
    shutil.copytree(to, to.with_name(".export.replaced"))
    export("coco", out, to, lossy=True, overwrite=True)
    assert [path.name for path in to.parent.iterdir()] == ["export"]
    assert tree(to) == before


def test_two_exports_to_one_place_do_not_mix(out, to):
    unfinished = to.with_name(".export.unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "half").write_text("x")
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX)
        with pytest.raises(ValueError, match="another process is writing it"):
            export("coco", out, to, lossy=True)
        assert (unfinished / "half").exists()
    finally:
        os.close(descriptor)
    assert export("coco", out, to, lossy=True).images == 4
    assert "half" not in tree(to)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param("gs://bucket/export", "wanted a folder of this machine", id="bucket"),
        pytest.param("{folder}/file/export", "no folder can be made here", id="below a file"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused(out, tmp_path, place, why):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match=why):
        export_files("coco", Place.of(str(out)), place.format(folder=tmp_path), lossy=True)
