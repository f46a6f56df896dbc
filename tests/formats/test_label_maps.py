import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidset.formats import label_maps, map_pictures
from vidset.formats.reading import Reading

MAP = np.array([[0, 1, 1, 255], [0, 0, 2, 2]], np.uint8)
ROAD = [[False, True, True, False], [False, False, False, False]]
HOOD = [[False, False, False, True], [False, False, False, False]]
CAR = [[False, False, False, False], [False, False, True, True]]


def png(kind: int, depth: int, rows: list[bytes], palette: bytes = b"", width: int = 4) -> bytes:
    """A PNG of any kind: 0 is grey, 2 is RGB, 3 has a palette."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    header = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    colours = chunk(b"PLTE", palette) if palette else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + colours
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def encoded(picture: np.ndarray, ending: str = ".png") -> bytes:
    return cv2.imencode(ending, picture)[1].tobytes()


IMAGE = encoded(np.zeros((2, 4, 3), np.uint8), ".jpg")
GREY = encoded(MAP)
PALETTE = png(3, 8, [bytes(row) for row in MAP.tolist()], bytes(range(48)) + b"\xff" * 720)
FEW_BITS = png(3, 2, [b"\x14", b"\x0a"], bytes(range(12)))
CLASSES = {"classes.txt": b"background\nroad\ncar\n"}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        pytest.param(
            {"images/a/1.jpg": IMAGE, "labels/a/1_mask.png": GREY, **CLASSES}, "a/1.jpg", id="_mask"
        ),
        pytest.param({"images/1.jpg": IMAGE, "masks/1.png": PALETTE, **CLASSES}, "1.jpg", id="VOC"),
        pytest.param(
            {
                "images/1.jpg": IMAGE,
                "labels/1.png": GREY,
                "classes.txt": "\ufeff1 road\r\n2: car\r\n0, _Background_\r\n".encode(),
            },
            "1.jpg",
            id="numbers and names",
        ),
        pytest.param({"labels/x/1.png": GREY, **CLASSES}, "x/1.jpg", id="maps alone"),
        pytest.param(
            {"images/10k/train/1.jpg": IMAGE, "labels/sem_seg/masks/train/1.png": GREY, **CLASSES},
            "10k/train/1.jpg",
            id="BDD100K's folders",
        ),
    ],
)
def test_each_class_of_a_map_is_a_mask_and_255_is_ignored(tmp_path, files, name):
    write(tmp_path, files)
    reading = Reading()
    [labels] = label_maps.read(tmp_path, reading)
    assert (labels.image_name, labels.width, labels.height) == (name, 4, 2)
    found = {item.label: item.mask.pixels().tolist() for item in labels.objects if item.mask}
    assert found == {"road": ROAD, "car": CAR, "ignored": HOOD}
    assert {item.type for item in labels.objects} == {"mask"}
    assert reading.dropped == {}


def test_a_palette_of_few_bits_gives_its_numbers():
    assert map_pictures.read_map(FEW_BITS, "1.png").tolist() == [[0, 1, 1, 0], [0, 0, 2, 2]]


def test_cityscapes_names_its_numbers(tmp_path):
    picture = np.array([[7, 7, 0, 3], [26, 26, 11, 0]], np.uint8)
    city = "train/aachen/aachen_000000_000019"
    write(
        tmp_path,
        {
            f"leftImg8bit/{city}_leftImg8bit.png": encoded(np.zeros((2, 4, 3), np.uint8)),
            f"gtFine/{city}_gtFine_labelIds.png": encoded(picture),
            f"gtFine/{city}_gtFine_labelTrainIds.png": encoded(picture),
            f"gtFine/{city}_gtFine_color.png": encoded(picture),
            f"gtFine/{city}_gtFine_instanceIds.png": encoded(picture),
        },
    )
    [labels] = label_maps.read(tmp_path)
    assert labels.image_name == f"leftImg8bit/{city}_leftImg8bit.png"
    assert [(item.label, item.mask and item.mask.area) for item in labels.objects] == [
        ("ignored", 3),
        ("road", 2),
        ("building", 1),
        ("car", 2),
    ]


def test_each_image_of_cityscapes_has_a_map_whichever_numbers_there_are(tmp_path):
    picture = np.array([[7, 7, 0, 0]], np.uint8)
    kinds = {"a": ("labelIds", "labelTrainIds"), "b": ("labelTrainIds",)}
    files = {f"gtFine/{n}_gtFine_{each}.png" for n, several in kinds.items() for each in several}
    write(tmp_path, dict.fromkeys(files, encoded(picture)))
    found = {each.image_name: each for each in label_maps.read(tmp_path)}
    a, b = (found[f"leftImg8bit/{name}_leftImg8bit.jpg"] for name in kinds)
    assert {item.label for item in a.objects} == {"road", "ignored"}
    assert {item.label for item in b.objects} == {"road", "traffic sign"}


def test_bdd100k_names_its_numbers(tmp_path):
    write(tmp_path, {"labels/sem_seg/masks/val/1.png": GREY})
    [labels] = label_maps.read(tmp_path)
    assert [item.label for item in labels.objects] == ["road", "sidewalk", "building", "ignored"]


def test_colours_are_those_of_cvats_labelmap(tmp_path):
    picture = np.zeros((2, 4, 3), np.uint8)
    picture[0, 1:3] = (30, 20, 10)  # OpenCV writes blue first.
    write(
        tmp_path,
        {
            "SegmentationClass/1.png": encoded(picture),
            "labelmap.txt": b"# label:color_rgb:parts:actions\nbackground:0,0,0::\nroad:10,20,30::",
        },
    )
    [labels] = label_maps.read(tmp_path)
    assert [(item.label, item.mask and item.mask.area) for item in labels.objects] == [("road", 2)]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({"labels/1.png": GREY}, "wanted the names of the maps' numbers", id="names"),
        pytest.param(
            {"labels/1.png": GREY, "classes.txt": b"void\nroad"},
            r"1\.png: wanted numbers of 2 classes, got 2 at 2, 1",
            id="a number without a name",
        ),
        pytest.param(
            {"labels/1.png": encoded(np.zeros((2, 4, 3), np.uint8)), **CLASSES},
            "got a coloured picture",
            id="colours",
        ),
        pytest.param(
            {"labels/1.png": b"GIF89a", **CLASSES}, "wanted a PNG, got a file that", id="no PNG"
        ),
        pytest.param({"labels/1.png": GREY[:60], **CLASSES}, "1.png: wanted a PNG", id="cut off"),
        pytest.param({"images/1.jpg": IMAGE, **CLASSES}, "got no PNG there", id="no map"),
    ],
)
def test_what_is_wrong_is_told_with_its_file(tmp_path, files, reason):
    write(tmp_path, files)
    with pytest.raises(ValueError, match=reason):
        list(label_maps.read(tmp_path))


def test_a_map_of_another_size_than_its_image_is_refused(tmp_path):
    write(tmp_path, {"labels/1.png": GREY, **CLASSES})
    with pytest.raises(ValueError, match=r"wanted 1\.jpg's size \(8, 2\), got \(4, 2\)"):
        list(label_maps.read(tmp_path, Reading(lambda _: (8, 2))))


def test_images_with_maps_are_known_by_their_folders(tmp_path):
    write(tmp_path, {"images/1.jpg": IMAGE, "labels/1_mask.png": GREY})
    assert label_maps.is_layout(tmp_path)
    (tmp_path / "labels/1_mask.png").rename(tmp_path / "labels/2.png")
    assert not label_maps.is_layout(tmp_path)
