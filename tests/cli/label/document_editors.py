"""Editors of formats that are one file: COCO, CSV, CVAT, Datumaro, FiftyOne, Label Studio."""

import csv
import json
from copy import deepcopy
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.cli.label.editor import Rectangle
from tests.cli.labels import HEIGHT, WIDTH


class _Json:
    def __init__(self, path: Path):
        self.path, self.document = path, json.loads(path.read_text())

    def save(self) -> None:
        self.path.write_text(json.dumps(self.document))


class Coco(_Json):
    def _id(self, image: str) -> int:
        return next(each["id"] for each in self.document["images"] if each["file_name"] == image)

    def _number(self, label: str) -> int:
        return next(each["id"] for each in self.document["categories"] if each["name"] == label)

    def boxes(self, image: str) -> list[Any]:
        found = self.document["annotations"]
        return [each for each in found if each["image_id"] == self._id(image)]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle["bbox"] = list(rectangle)

    def relabel(self, handle: Any, label: str) -> None:
        handle["category_id"] = self._number(label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        said = {"image_id": self._id(image), "category_id": self._number(label)}
        self.document["annotations"].append({"id": 999, "bbox": list(rectangle), **said})

    def delete(self, image: str, handle: Any) -> None:
        self.document["annotations"].remove(handle)

    def forget(self, image: str) -> None:
        for each in self.boxes(image):
            self.delete(image, each)
        images = self.document["images"]
        images.remove(next(each for each in images if each["file_name"] == image))


class Csv:
    _OBJECT = ("object", "label", "x", "y", "width", "height", "angle", "points", "mask")

    def __init__(self, path: Path):
        self.path = path
        with path.open(newline="") as file:
            self.rows = list(csv.DictReader(file))

    def boxes(self, image: str) -> list[Any]:
        return [row for row in self.rows if row["image"] == image]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle |= dict(zip(("x", "y", "width", "height"), map(str, rectangle), strict=True))

    def relabel(self, handle: Any, label: str) -> None:
        handle["label"] = label

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        row = {**self.boxes(image)[0], "object": "", "label": label}
        self.rows.append(row)
        self.place(row, rectangle)

    def delete(self, image: str, handle: Any) -> None:
        if len(self.boxes(image)) > 1:
            self.rows.remove(handle)
        else:  # A line without an object says that there is none.
            handle |= dict.fromkeys(self._OBJECT, "")

    def forget(self, image: str) -> None:
        self.rows = [row for row in self.rows if row["image"] != image]

    def save(self) -> None:
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*self.rows[0]])
            writer.writeheader()
            writer.writerows(self.rows)


class Cvat:
    def __init__(self, path: Path):
        self.path, self.tree = path, ET.parse(path)  # noqa: S314  Our own.

    def _image(self, image: str) -> ET.Element:
        images = self.tree.getroot().findall("image")
        return next(each for each in images if each.get("name") == image)

    def boxes(self, image: str) -> list[Any]:
        return self._image(image).findall("box")

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        edges = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
        for name, value in edges.items():
            handle.set(name, f"{value:.2f}")

    def relabel(self, handle: Any, label: str) -> None:
        handle.set("label", label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        said = {"label": label, "occluded": "0"}
        self.place(ET.SubElement(self._image(image), "box", said), rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self._image(image).remove(handle)

    def forget(self, image: str) -> None:
        self.tree.getroot().remove(self._image(image))

    def save(self) -> None:
        self.tree.write(self.path)


class Datumaro(_Json):
    def _item(self, image: str) -> Any:
        items = self.document["items"]
        return next(each for each in items if each["image"]["path"] == image)

    def boxes(self, image: str) -> list[Any]:
        return [each for each in self._item(image)["annotations"] if each["type"] == "bbox"]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        handle["bbox"] = list(rectangle)

    def relabel(self, handle: Any, label: str) -> None:
        names = [each["name"] for each in self.document["categories"]["label"]["labels"]]
        handle["label_id"] = names.index(label)

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        handle = {"id": 99, "type": "bbox", "attributes": {}, "group": 0, "z_order": 0}
        self._item(image)["annotations"].append(handle)
        self.place(handle, rectangle)
        self.relabel(handle, label)

    def delete(self, image: str, handle: Any) -> None:
        self._item(image)["annotations"].remove(handle)

    def forget(self, image: str) -> None:
        self.document["items"].remove(self._item(image))


class FiftyOne(_Json):
    def __init__(self, path: Path):
        super().__init__(path / "labels.json")

    def boxes(self, image: str) -> list[Any]:
        return self.document["labels"][image.removesuffix(".jpg")]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        sizes = (WIDTH, HEIGHT, WIDTH, HEIGHT)
        handle["bounding_box"] = [n / size for n, size in zip(rectangle, sizes, strict=True)]

    def relabel(self, handle: Any, label: str) -> None:
        handle["label"] = label

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        self.boxes(image).append({"label": label})
        self.place(self.boxes(image)[-1], rectangle)

    def delete(self, image: str, handle: Any) -> None:
        self.boxes(image).remove(handle)

    def forget(self, image: str) -> None:
        del self.document["labels"][image.removesuffix(".jpg")]


class LabelStudio(_Json):
    def _task(self, image: str) -> Any:
        return next(each for each in self.document if each["data"]["image"] == image)

    def _result(self, image: str) -> list[Any]:
        return self._task(image)["annotations"][0]["result"]

    def boxes(self, image: str) -> list[Any]:
        return [each for each in self._result(image) if each["type"] == "rectanglelabels"]

    def place(self, handle: Any, rectangle: Rectangle) -> None:
        x, y, width, height = rectangle
        across = {"x": 100 * x / WIDTH, "width": 100 * width / WIDTH}
        handle["value"] |= across | {"y": 100 * y / HEIGHT, "height": 100 * height / HEIGHT}

    def relabel(self, handle: Any, label: str) -> None:
        handle["value"]["rectanglelabels"] = [label]

    def add(self, image: str, label: str, rectangle: Rectangle) -> None:
        handle = deepcopy(self.boxes(image)[0]) | {"id": "a new one"}
        self._result(image).append(handle)
        self.place(handle, rectangle)
        self.relabel(handle, label)

    def delete(self, image: str, handle: Any) -> None:
        self._result(image).remove(handle)

    def forget(self, image: str) -> None:
        self.document.remove(self._task(image))
