"""No link that somebody planted is followed where files are written, replaced or deleted."""

import ast
import os
import stat
from pathlib import Path

import pytest

from tests.paths import ROOT
from vidset.formats.new_folder import new_folder
from vidset.formats.owned_folder import owned_folder
from vidset.storage.folder import FolderStore
from vidset.storage.writing import (
    LinkError,
    make_folder,
    open_lock,
    remove_tree,
    replacing,
    write_atomically,
)

pytestmark = pytest.mark.attack


@pytest.fixture
def victim(tmp_path) -> Path:
    """A folder outside of the place, which must stay as it is."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "precious.txt").write_text("precious")
    return folder


@pytest.fixture
def place(tmp_path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def assert_untouched(victim: Path) -> None:
    assert [path.name for path in victim.iterdir()] == ["precious.txt"]
    assert (victim / "precious.txt").read_text() == "precious"


@pytest.mark.parametrize("suffix", ["unfinished", "replaced"])
@pytest.mark.parametrize("is_there", [True, False], ids=["replaced", "new"])
def test_a_link_beside_a_new_folder_is_refused(place, victim, suffix, is_there):
    if is_there:
        (place / "coco").mkdir()
        (place / "coco" / "marker.json").write_text("{}")
    (place / f".coco.{suffix}").symlink_to(victim)
    with (
        pytest.raises(LinkError, match=rf"\.coco\.{suffix}: wanted a folder or file"),
        new_folder(str(place / "coco"), "marker.json", overwrite=True),
    ):
        pytest.fail("the link was followed")
    assert_untouched(victim)


def test_a_link_in_what_is_replaced_is_deleted_alone(place, victim):
    (place / "coco").mkdir()
    (place / "coco" / "marker.json").write_text("{}")
    (place / "coco" / "images").symlink_to(victim)
    with new_folder(str(place / "coco"), "marker.json", overwrite=True) as folder:
        (folder / "marker.json").write_text("new")
    assert (place / "coco" / "marker.json").read_text() == "new"
    assert_untouched(victim)


def test_a_file_takes_the_place_of_a_link_and_not_of_what_it_leads_to(place, victim):
    for name in "labels.json", ".labels.json.unfinished", ".labels.json.partial":
        (place / name).symlink_to(victim / "precious.txt")
    with replacing(place / "labels.json", "w") as file:
        file.write("new")
    assert (place / "labels.json").read_text() == "new"
    assert not (place / "labels.json").is_symlink()
    assert_untouched(victim)


def test_after_an_error_the_old_file_stays_and_nothing_else_is_left(place):
    write_atomically(place / "a.json", "old")

    def fail() -> None:
        with replacing(place / "a.json") as file:
            file.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in place.iterdir()] == ["a.json"]
    assert (place / "a.json").read_text() == "old"


def test_a_file_has_the_rights_that_the_user_gives_to_new_files(place):
    before = os.umask(0o027)
    try:
        write_atomically(place / "a.json", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / "a.json").stat().st_mode) == 0o640


def test_a_lock_that_is_a_link_is_refused(place, victim):
    (place / ".lock").symlink_to(victim / "precious.txt")
    with pytest.raises(LinkError, match=r"\.lock"):
        open_lock(place / ".lock")
    assert_untouched(victim)


def test_a_lock_keeps_what_is_in_the_file(place):
    (place / ".lock").write_text("somebody's")
    open_lock(place / ".lock").close()
    assert (place / ".lock").read_text() == "somebody's"


def test_a_folder_to_delete_that_is_a_link_is_refused(place, victim):
    (place / "gone").symlink_to(victim)
    with pytest.raises(LinkError):
        remove_tree(place / "gone")
    remove_tree(place / "never there")
    assert_untouched(victim)


def test_an_export_is_not_replaced_through_a_link(place, victim):
    with owned_folder(place / "out", "yolo") as folder:
        (folder / "labels").mkdir()
        (folder / "labels" / "precious.txt").write_text("0 1 1 1 1")
    remove_tree(place / "out" / "labels")
    (place / "out" / "labels").symlink_to(victim)

    def replace() -> None:
        with owned_folder(place / "out", "yolo") as folder:
            (folder / "labels").mkdir()
            (folder / "labels" / "new.txt").write_text("0 1 1 1 1")

    with pytest.raises(LinkError, match="labels"):
        replace()
    assert_untouched(victim)


def test_images_are_not_stored_through_a_link_below_the_place(place, victim):
    (place / "cam1").symlink_to(victim)
    store = FolderStore(str(place))
    for put in store.put, store.put_once:
        with pytest.raises(LinkError, match="cam1"):
            put("cam1/a.jpg", b"x", "image/jpeg")
    assert_untouched(victim)


@pytest.mark.parametrize("ask", ["sweep", "put", "put_once"])
def test_a_link_in_place_of_the_unfinished_files_is_refused(place, victim, ask):
    (place / ".partial").symlink_to(victim)
    store = FolderStore(str(place))
    arguments = () if ask == "sweep" else ("a.jpg", b"x", "image/jpeg")
    with pytest.raises(LinkError, match=r"\.partial"):
        getattr(store, ask)(*arguments)
    assert_untouched(victim)


def test_sweep_leaves_a_link_among_the_unfinished_files(place, victim):
    (place / ".partial").mkdir()
    (place / ".partial" / "1-a").symlink_to(victim / "precious.txt")
    FolderStore(str(place)).sweep()
    assert_untouched(victim)


def test_a_place_may_itself_be_named_by_a_link(tmp_path, place):
    (tmp_path / "disk").symlink_to(place)
    FolderStore(str(tmp_path / "disk")).put("a/b.jpg", b"x", "image/jpeg")
    make_folder(tmp_path / "disk", tmp_path / "disk" / "c" / "d")
    assert (place / "a" / "b.jpg").read_bytes() == b"x"
    assert (place / "c" / "d").is_dir()


# Modules that write files by other means, and why no link can be planted there.
_ELSEWHERE = {
    "training/running/command/calling.py": "a log that grows; it follows no link",
    "training/running/command/training.py": "a folder of its own; a rename onto a link fails",
    "storage/writing.py": "the helper itself",
    "storage/folder.py": "names of chance in `.partial`, which is checked",
    "formats/owned_folder.py": "links on the way are refused first",
    "formats/new_folder.py": "the folder that it made is the only thing that it renames",
    # Below a folder that `new_folder` has just made.
    "datasets/exchange/checkout.py": "in a new folder",
    "datasets/exchange/dvc.py": "in a new folder",
    "datasets/exchange/earlier_files.py": "in a new folder",
    "datasets/versions/checkout.py": "in a new folder",
    "formats/export.py": "in a new folder",
    "formats/fiftyone.py": "in a new folder",
    "formats/image_files.py": "in a new folder",
    "formats/labelme_writing.py": "in a new folder",
    "formats/licence_files.py": "in a new folder",
    "formats/samples.py": "in a new folder",
    "formats/tfrecord.py": "in a new folder",
    "formats/label_maps_writing.py": "in a new folder",
    "formats/voc_writing.py": "in a new folder",
    "formats/webdataset.py": "in a new folder",
    "formats/yolo_settings.py": "in a new folder",
    "formats/yolo_writing.py": "in a new folder",
    # Below a folder of the operating system's for temporary files, or of the user's own.
    "view/export.py": "in a new folder",
    "view/export_findings.py": "in a new folder",
    "view/errors.py": "a log that grows; it follows no link",
    "warehouse/gather.py": "in a temporary folder",
    "warehouse/folder.py": "names of chance",
    "embeddings/neighbours.py": "names of chance: the library writes to a path",
    "demo/drive.py": "names of chance",
    "demo/rendering.py": "a name of chance, which demo/drive.py gives",
    "demo/loop.py": "in a folder that it has just deleted and made",
    "training/pipelines/blessings.py": "in a temporary folder, by names that are checked",
    "training/pipelines/calling.py": "in a temporary folder",
    "training/pipelines/steps.py": "in a container of its own",
    "upload/folder.py": "a collector's own share, under its lock",
    "upload/afterwards.py": "the collector's own recordings",
    "upload/leaving.py": "the collector's own recordings",
    "upload/report.py": "the file that the operator names",
    "watch/lifetime.py": "the file that the operator names",
    "project.py": "`x` follows no link",
    "place_format.py": "`x` follows no link",
    "cli/command.py": "text of a help page, and no file",
    "places/upgrade.py": "in a folder that it has just made",
    "labeling/stores/backup.py": "the file that the user names; its copy has a name beside it",
    "cli/label/serve.py": "os.devnull",
    "view/snapshot.py": "a name of chance in the cache folder of the user's own",
}
_CALLS = frozenset({"write_text", "write_bytes", "rmtree", "rename", "copyfile", "copy2", "copy"})
_OF_OS = frozenset({"replace", "rename", "link", "symlink"})


def test_every_other_writer_of_files_is_known():
    found = {
        path.relative_to(ROOT / "vidset").as_posix()
        for path in (ROOT / "vidset").rglob("*.py")
        if any(map(_writes, ast.walk(ast.parse(path.read_bytes()))))
    }
    assert found - _ELSEWHERE.keys() == set(), "use vidset.storage.writing"


def _writes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    modes = [
        each.value
        for each in (*node.args[:2], *(word.value for word in node.keywords if word.arg == "mode"))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    opens_to_write = any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)
    if isinstance(node.func, ast.Name):
        return node.func.id == "open" and opens_to_write
    if not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    if node.func.attr == "open":
        return opens_to_write
    if node.func.attr in ("copy", "write_text") and owner not in ("shutil", "path", "partial"):
        return node.func.attr == "write_text" and len(node.args) == 1
    return node.func.attr in _CALLS or (owner == "os" and node.func.attr in _OF_OS)
