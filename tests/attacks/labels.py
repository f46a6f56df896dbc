"""Label files of a stranger: equal ids, numbers that are none, names that lead elsewhere."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.attacks.special import Attack, written
from tests.attacks.texts import JSON, YAML

_NAMES = [
    "../../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "\x1b]0;title\x07.png",
    "a\0b.png",
    "-rf.png",
    "x" * 5000,
]


def _json(value: object) -> Attack:
    return written(lambda: json.dumps(value).encode())


def _later(make: Callable[[], Attack]) -> Attack:
    """What is large is made when it is written, and not when tests are collected."""

    def write(path: Path) -> object:
        return make()(path)

    return write


def _coco(images: list, annotations: list, categories: list | None = None) -> Attack:
    known = [{"id": 1, "name": "car"}] if categories is None else categories
    return _json({"images": images, "annotations": annotations, "categories": known})


def _image(number: int, name: str = "") -> dict:
    return {"id": number, "file_name": name or f"{number}.png", "width": 96, "height": 64}


def _drawn(number: int, image: int = 1, **more: object) -> dict:
    box = {"bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}
    return {"id": number, "image_id": image, "category_id": 1, **box, **more}


_MANY = 20_000

COCO: Mapping[str, Attack] = {
    **JSON,
    "equal ids": _later(lambda: _coco([_image(n) for n in range(_MANY)], [_drawn(1)] * _MANY)),
    "equal images": _later(lambda: _coco([_image(1)] * _MANY, [_drawn(n) for n in range(_MANY)])),
    "equal names": _later(lambda: _coco([_image(n, "a.png") for n in range(_MANY)], [])),
    "equal categories": _coco([_image(1)], [_drawn(1)], [{"id": 1, "name": "car"}] * _MANY),
    "objects of one image": _later(
        lambda: _coco([_image(1, "a/0/0000000000.jpg")], [_drawn(n) for n in range(60_000)])
    ),
    "a polygon of 100,000 points": _later(
        lambda: _coco(
            [_image(1, "a/0/0000000000.jpg")],
            [_drawn(1, segmentation=[[float(n % 60) for n in range(200_000)]])],
        )
    ),
    "a mask of a gigapixel": _coco(
        [_image(1, "a/0/0000000000.jpg")],
        [_drawn(1, iscrowd=1, segmentation={"size": [40_000, 40_000], "counts": [1_600_000_000]})],
    ),
    "a compressed mask": _coco(
        [_image(1, "a/0/0000000000.jpg")],
        [_drawn(1, iscrowd=1, segmentation={"size": [64, 96], "counts": "0" * 5_000_000})],
    ),
    "ids that are objects": _coco([{**_image(1), "id": {}}], [_drawn(1, image=[])]),  # type: ignore[arg-type]
    "names that lead elsewhere": _coco([_image(n, name) for n, name in enumerate(_NAMES)], []),
    "numbers that are none": _coco(
        [_image(1, "a/0/0000000000.jpg")],
        [_drawn(1, bbox=[float("nan"), float("inf"), 1e308, -1e308])],
    ),
    "a label of escapes": _coco(
        [_image(1, "a/0/0000000000.jpg")], [_drawn(1)], [{"id": 1, "name": "\x1b]0;title\x07"}]
    ),
}


def _labelme(**more: object) -> Attack:
    size = {"imageWidth": 96, "imageHeight": 64, "imageData": None, "flags": {}}
    whole = {"version": "5.5.0", "imagePath": "0000000000.jpg", "shapes": [], **size}
    return _json(whole | more)


def _shape(*points: list, **more: object) -> dict:
    return {"label": "car", "shape_type": "rectangle", "points": [*points], **more}


LABELME: Mapping[str, Attack] = {
    **JSON,
    "60,000 equal shapes": _labelme(shapes=[_shape([1, 1], [9, 9])] * 60_000),
    "a polygon of 200,000 points": _later(
        lambda: _labelme(
            shapes=[_shape(*[[n % 60, n % 50] for n in range(200_000)], shape_type="polygon")]
        )
    ),
    "a picture in the file": _labelme(imageData="A" * 9_000_000),
    "a mask in the file": _labelme(
        shapes=[_shape([1, 1], [9, 9], shape_type="mask", mask="A" * 5_000_000)]
    ),
    "a path that leads elsewhere": _labelme(imagePath="../../../etc/passwd"),
    "a size of gigapixels": _labelme(imageWidth=10**9, imageHeight=10**9),
    "numbers that are none": _labelme(shapes=[_shape([float("nan"), 1e308], [float("inf"), 1])]),
    "a label of escapes": _labelme(shapes=[_shape([1, 1], [9, 9], label="\x1b]0;title\x07")]),
}


def _task(image: str, *results: dict, number: int = 1) -> dict:
    annotation = {"id": number, "result": [*results], "was_cancelled": False}
    return {"id": number, "data": {"image": image}, "annotations": [annotation]}


def _result(number: int, **value: object) -> dict:
    given = {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": ["car"], **value}
    size = {"original_width": 96, "original_height": 64, "image_rotation": 0}
    kind = {"type": "rectanglelabels", "from_name": "label", "to_name": "image"}
    return {"id": str(number), "value": given, **size, **kind}


LABEL_STUDIO: Mapping[str, Attack] = {
    **JSON,
    "20,000 equal ids": _json([_task("a/0/0000000000.jpg", _result(1))] * 10_000),
    "results of one id": _json([_task("a/0/0000000000.jpg", *[_result(1)] * 30_000)]),
    "names that lead elsewhere": _json([_task(name, _result(1)) for name in _NAMES]),
    "numbers that are none": _json(
        [_task("a/0/0000000000.jpg", _result(1, x=float("nan"), width=1e308))]
    ),
    "a size of gigapixels": _json(
        [_task("a/0/0000000000.jpg", _result(1) | {"original_width": 10**12})]
    ),
    "a brush of a gigapixel": _json(
        [_task("a/0/0000000000.jpg", _result(1, format="rle", rle=[255] * 2_000_000))]
    ),
}


def _yolo(labels: bytes, names: str = "names: [car]\n") -> Attack:
    """A data.yaml with an image and its labels beside it."""

    def make(path: Path) -> None:
        import cv2
        import numpy as np

        path.write_text(f"path: .\ntrain: images/train\n{names}")
        for kind in "images", "labels":
            (path.parent / kind / "train").mkdir(parents=True)
        picture = cv2.imencode(".png", np.zeros((64, 96, 3), np.uint8))[1].tobytes()
        (path.parent / "images" / "train" / "a.png").write_bytes(picture)
        (path.parent / "labels" / "train" / "a.txt").write_bytes(labels)

    return make


def _elsewhere(line: str) -> Attack:
    return lambda path: path.write_text(f"{line}\nnames: [car]\n")


YOLO: Mapping[str, Attack] = {
    **YAML,
    "300,000 equal lines": _yolo(b"0 0.5 0.5 0.1 0.1\n" * 300_000),
    "one long line": _yolo(b"0 " + b"0.5 " * 2_000_000),
    "numbers that are none": _yolo(b"0 nan inf 1e999 0.1\n"),
    "a huge number": _yolo(b"9" * 5_000_000 + b" 0.5 0.5 0.1 0.1\n"),
    "labels that are bytes": _yolo(bytes(range(256)) * 1000),
    "a path of /": _elsewhere("path: /\ntrain: ."),
    "a path upwards": _elsewhere("path: ../../../..\ntrain: ."),
    "a path of /proc": _elsewhere("path: /proc\ntrain: ."),
    "an address": _elsewhere("path: http://169.254.169.254\ntrain: images"),
    "a script to download": _elsewhere("download: import os; os.system('id')"),
}
