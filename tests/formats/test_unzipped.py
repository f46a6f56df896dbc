"""Zip files are read as the folder in them, unless something in them is not as it should be."""

import json
import stat
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from tests.formats.test_coco_of_others import BOX, document
from vidset.formats import unzipped
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named

_COCO = json.dumps(document(BOX))


def zipped(path: Path, files: dict[str | ZipInfo, str]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(name, text)
    return path


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("coco", {"annotations/instances_default.json": _COCO, "images/a.jpg": "x"}),
        ("coco", {"set/annotations/instances_default.json": _COCO, "__MACOSX/._a": "x"}),
        ("coco", {"set\\annotations\\instances_default.json": _COCO}),
        ("csv", {"set/labels.csv": "image,label,x,y,width,height\na.jpg,car,1,2,3,4\n"}),
        (
            "cvat",
            {
                "images/a.jpg": "x",
                "annotations.xml": '<annotations><image name="a.jpg" width="9" height="9">'
                '<box label="car" xtl="1" ytl="2" xbr="4" ybr="6"/></image></annotations>',
            },
        ),
        (
            "yolo",
            {"obj.data": "train = data/t.txt\n", "obj.names": "car\n", "t.txt": "data/obj/a.jpg\n",
             "obj/a.txt": "0 .5 .5 .1 .1\n"},
        ),
    ],
)  # fmt: skip
def test_a_zip_file_is_read_as_its_folder(name, files, tmp_path):
    path = zipped(tmp_path / "task.zip", files)
    needs_sizes = format_named(name).needs_sizes
    [labels] = format_named(name).read(path, Reading((lambda _: (9, 9)) if needs_sizes else None))
    assert labels.image_name.endswith("a.jpg")
    assert [item.label for item in labels.objects] == ["car"]


def test_a_fault_names_the_zip_file_and_the_file_in_it(tmp_path):
    path = zipped(tmp_path / "task.zip", {"annotations/a.json": "{", "images/a.jpg": ""})
    with pytest.raises(ValueError, match=r"task\.zip/annotations/a\.json: wanted labels in JSON"):
        list(format_named("coco").read(path))
    path = zipped(tmp_path / "other.zip", {"a.json": json.dumps(document(BOX | {"image_id": 9}))})
    reading = Reading(collects=True)
    list(format_named("coco").read(path, reading))
    [fault] = reading.faults
    assert fault.startswith(f"{path}/a.json: annotations[0]: wanted the image_id")


def _link() -> ZipInfo:
    info = ZipInfo("a.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"../a.json": "x"}, "names that stay below its folder", id="above"),
        pytest.param({"x/../../a.json": "x"}, "names that stay below", id="above, winding"),
        pytest.param({"/etc/a.json": "x"}, "names that stay below", id="a root"),
        pytest.param({"..\\a.json": "x"}, "names that stay below", id="above, from Windows"),
        pytest.param({"C:\\a.json": "x"}, "names that stay below", id="a drive"),
        pytest.param({_link(): "/etc/passwd"}, "wanted files and folders, got a link", id="a link"),
        pytest.param({"a.json": "x", "A.JSON": "x"}, "wanted each file once", id="twice"),
    ],
)
def test_what_could_lead_outside_is_refused(files, reason, tmp_path):
    path = zipped(tmp_path / "bad.zip", files)
    with pytest.raises(ValueError, match=r"bad\.zip: ") as raised:
        unzipped.unzipped(path)
    assert reason in str(raised.value)
    assert {file.name for file in tmp_path.rglob("*")} == {"bad.zip"}


def test_a_bomb_is_refused_by_what_it_claims(tmp_path, monkeypatch):
    monkeypatch.setattr(unzipped, "_FREE_BYTES", 1 << 20)
    path = zipped(tmp_path / "bomb.zip", {"a.json": "0" * (8 << 20)})
    with pytest.raises(ValueError, match=r"bomb\.zip: wanted at most 1,\d+,\d+ bytes unpacked"):
        unzipped.unzipped(path)


def test_a_file_of_more_bytes_than_it_claims_is_refused(tmp_path):
    path = zipped(tmp_path / "liar.zip", {"a.json": "0" * 100_000})
    data = path.read_bytes()
    path.write_bytes(data.replace((100_000).to_bytes(4, "little"), (100).to_bytes(4, "little")))
    with pytest.raises(ValueError, match=r"liar\.zip: wanted a zip file that can be unpacked"):
        unzipped.unzipped(path)


def test_too_many_files_are_refused_by_their_number(tmp_path, monkeypatch):
    monkeypatch.setattr(unzipped, "MOST_FILES", 2)
    path = zipped(tmp_path / "many.zip", {f"{n}.json": "" for n in range(3)})
    with pytest.raises(ValueError, match="wanted at most 2 files, got 3"):
        unzipped.unzipped(path)


def test_a_damaged_or_locked_file_is_named(tmp_path):
    path = zipped(tmp_path / "cut.zip", {"a.json": _COCO * 50})
    data = bytearray(path.read_bytes())
    data[40:60] = b"\xff" * 20
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match=r"cut\.zip: wanted a zip file that can be unpacked"):
        unzipped.unzipped(path)
    info = ZipInfo("a.json")
    path = zipped(tmp_path / "locked.zip", {info: "x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="without a password"):
        unzipped.unzipped(path)
