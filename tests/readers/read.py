"""Read an export with the tool of its format, and print what it finds: read.py FORMAT FOLDER.

Runs in the environment of requirements.txt, and imports nothing of ours. The last line printed is a
JSON list of images: image (its name in the export), id (where the format has it), size, sha256 (of
the bytes), objects ([label, numbers]: a box as x, y, width, height or the points of a polygon, in
pixels), words (on the whole image) and more (attributes and ids, by object).
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock


def found(image, data, size, objects, words=(), more=(), image_id=None):
    return {
        "image": str(image),
        "id": image_id,
        "size": list(size),
        "sha256": hashlib.sha256(data).hexdigest(),
        "objects": [[label, [float(value) for value in values]] for label, values in objects],
        "words": sorted(words),
        "more": list(more),
    }


def coco(folder):
    from pycocotools.coco import COCO

    dataset = COCO(str(folder / "annotations.json"))
    labels = {number: each["name"] for number, each in dataset.cats.items()}
    for image in dataset.loadImgs(dataset.getImgIds()):
        drawn = dataset.loadAnns(dataset.getAnnIds(imgIds=[image["id"]]))
        for each in drawn:
            if each["segmentation"]:  # As a mask: about as many pixels as the polygon has area.
                each["attributes"]["mask"] = int(dataset.annToMask(each).sum())
        path = Path("images", image["file_name"])
        yield found(
            path,
            (folder / path).read_bytes(),
            (image["width"], image["height"]),
            [
                (labels[each["category_id"]], (each["segmentation"] or [each["bbox"]])[0])
                for each in drawn
            ],
            more=[[each["object_id"], each["attributes"]] for each in drawn],
        )


def yolo(folder):
    import supervision

    dataset = supervision.DetectionDataset.from_yolo(
        str(folder / "images"), str(folder / "labels"), str(folder / "data.yaml")
    )
    yield from _detections(dataset, folder)


def voc(folder):
    import supervision

    dataset = supervision.DetectionDataset.from_pascal_voc(
        str(folder / "JPEGImages"), str(folder / "Annotations")
    )
    boxed = list(_detections(dataset, folder))
    sets = folder / "ImageSets" / "Main"
    listed = (sets / "trainval.txt").read_text().split()
    assert sorted(listed) == sorted(Path(each["image"]).stem for each in boxed)
    for each in boxed:
        for file in sorted(sets.glob("*_trainval.txt")):
            said = dict(line.split() for line in file.read_text().splitlines())
            assert set(said) == set(listed)
            if said[Path(each["image"]).stem] == "1":
                each["words"].append(file.name.removesuffix("_trainval.txt"))
        yield each


def _detections(dataset, folder):
    for path, image, drawn in dataset:
        yield found(
            Path(path).relative_to(folder),
            Path(path).read_bytes(),
            (image.shape[1], image.shape[0]),
            [
                (dataset.classes[number], [left, top, right - left, bottom - top])
                for (left, top, right, bottom), number in zip(
                    drawn.xyxy.tolist(), drawn.class_id, strict=True
                )
            ],
        )


def labelme(folder):
    # Its windows and its models, which reading a file does not touch.
    for absent in "onnxruntime", "PyQt5", "PyQt5.QtCore", "PyQt5.QtGui", "PyQt5.QtWidgets":
        sys.modules[absent] = MagicMock()
    from labelme import LabelFile
    from PIL import Image

    for path in sorted(folder.rglob("*.json")):
        file = LabelFile(str(path))
        with Image.open(path.parent / file.imagePath) as picture:
            size = picture.size
        objects = []
        for shape in file.shapes:
            values = [value for point in shape["points"] for value in point]
            if shape["shape_type"] == "rectangle":
                left, top, right, bottom = values
                values = [left, top, right - left, bottom - top]
            objects.append((shape["label"], values))
        yield found(
            (path.parent / file.imagePath).relative_to(folder),
            file.imageData,
            size,
            objects,
            [word for word, is_set in file.flags.items() if is_set],
            [
                [shape["other_data"]["object_id"], shape["other_data"]["attributes"]]
                for shape in file.shapes
            ],
        )


def tfrecord(folder):
    from tfrecord.reader import tfrecord_loader
    from tfrecord.writer import TFRecordWriter

    labels = _label_map(folder / "label_map.pbtxt")
    for path in sorted(folder.glob("*.tfrecord")):
        _check_sums(path.read_bytes(), TFRecordWriter.masked_crc)
        for each in tfrecord_loader(str(path), None):
            values = {name: _values(value) for name, value in each.items()}
            width, height = values["image/width"][0], values["image/height"][0]
            edges = (
                values[f"image/object/bbox/{name}"] for name in ("xmin", "ymin", "xmax", "ymax")
            )
            names = values["image/object/class/text"]
            assert [labels[n] for n in values["image/object/class/label"]] == names
            assert [labels[n] for n in values["image/class/label"]] == values["image/class/text"]
            assert values["image/format"] == ["jpeg"]
            data = bytes(each["image/encoded"])
            assert values["image/key/sha256"] == [hashlib.sha256(data).hexdigest()]
            yield found(
                values["image/filename"][0],
                data,
                (width, height),
                [
                    (name, [x * width, y * height, (right - x) * width, (bottom - y) * height])
                    for name, x, y, right, bottom in zip(names, *edges, strict=True)
                ],
                values["image/class/text"],
                [
                    [object_id, json.loads(attributes)]
                    for object_id, attributes in zip(
                        values["image/object/id"], values["image/object/attributes"], strict=True
                    )
                ],
                values["image/source_id"][0],
            )


def _values(value):
    """A list, whatever the reader makes of none, one or several."""
    if isinstance(value, (bytes, bytearray)) or getattr(value, "dtype", None) == "uint8":
        value = [bytes(value)]
    return [
        each.decode(errors="replace") if isinstance(each, bytes) else each.item() for each in value
    ]


def _label_map(path):
    lines = [line.strip() for line in path.read_text().splitlines()]
    numbers = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    names = [json.loads(line.removeprefix("name: ")) for line in lines if line.startswith("name: ")]
    return dict(zip(numbers, names, strict=True))


def _check_sums(data, masked_crc):
    """Of each record's length and content; the reader passes over them."""
    place = 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 8], "little")
        assert masked_crc(data[place : place + 8]) == data[place + 8 : place + 12]
        content = data[place + 12 : place + 12 + length]
        assert masked_crc(content) == data[place + 12 + length : place + 16 + length]
        place += 16 + length
    assert place == len(data)


def webdataset(folder):
    import io

    from PIL import Image
    from webdataset import WebDataset

    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    for sample in WebDataset(shards, shardshuffle=False):
        said = json.loads(sample["json"])
        yield found(
            sample["__key__"] + ".jpg",
            sample["jpg"],
            Image.open(io.BytesIO(sample["jpg"])).size,
            **_said(said["objects"]),
            image_id=said["image_id"],
        )


def parquet(folder):
    from datasets import Image, load_dataset

    shown = load_dataset(str(folder), split="train", cache_dir="cache")
    stored = shown.cast_column("image", Image(decode=False))
    for picture, row in zip(shown["image"], stored, strict=True):
        for each in row["objects"]:
            each["attributes"] = json.loads(each["attributes"])
        yield found(
            row["image"]["path"],
            row["image"]["bytes"],
            picture.size,
            **_said(row["objects"]),
            image_id=row["image_id"],
        )


def _said(objects):
    drawn = [each for each in objects if each["type"] != "classification"]
    return {
        "objects": [
            (
                each["label"],
                [each["box"][name] for name in ("x", "y", "width", "height")]
                if each["box"]
                else [value for point in each["points"] for value in (point["x"], point["y"])],
            )
            for each in drawn
        ],
        "words": [each["label"] for each in objects if each["type"] == "classification"],
        "more": [[each["id"], each["attributes"]] for each in drawn],
    }


def fiftyone(folder):
    import mongomock
    import pymongo

    # FiftyOne wants a MongoDB when it is imported. Reading takes none: this one is in memory.
    pymongo.MongoClient = mongomock.MongoClient
    os.environ |= {"FIFTYONE_DATABASE_URI": "mongodb://localhost", "FIFTYONE_DO_NOT_TRACK": "1"}
    from fiftyone.utils.data.importers import FiftyOneImageDetectionDatasetImporter

    with FiftyOneImageDetectionDatasetImporter(str(folder), compute_metadata=True) as importer:
        for path, metadata, label in importer:
            size = (metadata.width, metadata.height)
            own = set(type(label)._fields) | {"id", "label", "bounding_box", "tags", "attributes"}
            fields = [
                {name: each[name] for name in each.field_names if name not in own | {"object_id"}}
                for each in label.detections
            ]
            yield found(
                Path(path).relative_to(folder),
                Path(path).read_bytes(),
                size,
                [
                    (
                        each.label,
                        [value * size[n % 2] for n, value in enumerate(each.bounding_box)],
                    )
                    for each in label.detections
                ],
                more=[
                    [each.object_id, {k: v for k, v in more.items() if v is not None}]
                    for each, more in zip(label.detections, fields, strict=True)
                ],
            )


READERS = (coco, fiftyone, labelme, parquet, tfrecord, voc, webdataset, yolo)

if __name__ == "__main__":
    reader = {each.__name__: each for each in READERS}[sys.argv[1]]
    print(json.dumps(list(reader(Path(sys.argv[2])))))
